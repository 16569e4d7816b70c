import Foundation
import SQLite
import TallyModel

/// The shapes as the source file keeps them.
enum ShapeStore {
    static func all(in connection: Connection) throws -> [Shape] {
        let rows = try connection.all(
            "SELECT id, since, until, next_slot, schema, unique_indexes FROM _tally_shape ORDER BY id"
        )
        return try rows.map { row in
            guard case .integer(let id) = row[0], case .integer(let since) = row[1],
                case .integer(let nextSlot) = row[3], case .text(let schema) = row[4],
                case .text(let indexes) = row[5]
            else { throw damaged(in: connection) }
            var until: Int64?
            if case .integer(let sequence) = row[2] { until = sequence }
            return Shape(
                id: id,
                schema: try decode(TableSchema.self, schema, in: connection),
                since: since,
                until: until,
                nextSlot: Int(nextSlot),
                uniqueIndexes: try decode([String].self, indexes, in: connection)
            )
        }
    }

    static func nextID(in connection: Connection) throws -> Int64 {
        guard case .integer(let id)? = try connection.first("SELECT coalesce(max(id), 0) + 1 FROM _tally_shape")?.first
        else { return 1 }
        return id
    }

    static func save(_ shape: Shape, in connection: Connection) throws {
        try connection.run(
            """
            INSERT OR REPLACE INTO _tally_shape(id, table_name, since, until, next_slot, schema, unique_indexes)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            .integer(shape.id),
            .text(shape.schema.name.name),
            .integer(shape.since),
            shape.until.map { .integer($0) } ?? .null,
            .integer(Int64(shape.nextSlot)),
            .text(try encode(shape.schema)),
            .text(try encode(shape.uniqueIndexes))
        )
    }

    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Decoded: Decodable>(
        _ type: Decoded.Type,
        _ text: String,
        in connection: Connection
    ) throws -> Decoded {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw damaged(in: connection)
        }
    }

    private static func damaged(in connection: Connection) -> StoreError {
        StoreError(
            .damaged,
            "\(connection.path): Tally's own tables in the source are damaged; run `tally remove` for each flow and "
                + "group that reads this file, and start them anew"
        )
    }
}
