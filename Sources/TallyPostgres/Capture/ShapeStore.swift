import Foundation
import TallyModel

/// The shapes as the source keeps them, in `tally.shape`.
enum ShapeStore {
    static func all(in connection: PostgresConnection) throws -> [Shape] {
        let rows = try connection.query("SELECT id, since, until, shape FROM tally.shape ORDER BY id")
        return try (0..<rows.rowCount).map { row in
            var shape = try decode(Shape.self, rows.text(row, 3) ?? "", in: connection)
            shape.id = rows.integer(row, 0) ?? 0
            shape.since = UInt64(rows.integer(row, 1) ?? 0)
            shape.until = rows.integer(row, 2).map { UInt64($0) }
            return shape
        }
    }

    /// Records a new shape in the open transaction.
    ///
    /// - Returns: It, with its number.
    static func add(_ shape: Shape, in connection: PostgresConnection) throws -> Shape {
        let row = try connection.query(
            "INSERT INTO tally.shape(shape) VALUES ($1) RETURNING id, since",
            [.text(try encode(shape))]
        )
        var shape = shape
        shape.id = row.integer(0, 0) ?? 0
        shape.since = UInt64(row.integer(0, 1) ?? 0)
        return shape
    }

    /// Ends a shape in the open transaction.
    static func end(_ shape: Shape, in connection: PostgresConnection) throws {
        try connection.query("UPDATE tally.shape SET until = txid_current() WHERE id = $1", [.integer(shape.id)])
    }

    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Decoded: Decodable>(
        _ type: Decoded.Type,
        _ text: String,
        in connection: PostgresConnection
    ) throws -> Decoded {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw StoreError(
                .damaged,
                "\(connection.label): Tally's own tables in schema tally are damaged; run `tally remove` for each flow "
                    + "that reads this database, and start the flows anew"
            )
        }
    }
}
