import Foundation
import Synchronization
package import TallyModel

/// Reads of whole tables beside a stream of changes: the same for every kind of capture.
///
/// Chunks are COPY data of the server's own form, taken in as it comes; see ``PackedLayout``.
package final class TableLoads: Sendable {
    /// How many chunks are worth reading at once: more than the cores here would only wait for each other.
    package static let width = min(4, max(2, ProcessInfo.processInfo.activeProcessorCount))

    private let label: String
    private let pool: LoadPool
    private let widths = RowWidths()
    private let known: @Sendable (TableName) -> PostgresTable?
    private let position: PositionReading

    /// - Parameters:
    ///   - known: The table as the stream has it; where that is out of date the catalog is asked.
    ///   - position: Where the capture's history ends now, on the connection that has just read a chunk.
    package init(
        _ options: ConnectionOptions,
        known: @escaping @Sendable (TableName) -> PostgresTable?,
        position: @escaping PositionReading
    ) {
        label = options.label
        pool = LoadPool(options, most: Self.width + 1, position: position)
        self.known = known
        self.position = position
    }

    /// Where the capture's history ends now.
    package func currentPosition() async throws -> Position {
        let position = position
        return try await pool.use { try await $0.run { try position($0) } }
    }

    package func rowCount(of table: TableSchema) async throws -> Int {
        let table = try await found(table.name)
        return try await pool.use { try await $0.run { try TableSize.rowCount(of: table, in: $0) } }
    }

    package func ranges(of table: TableSchema) async throws -> [KeyRange] {
        let table = try await found(table.name)
        return try await pool.use { try await $0.run { try RangePlan.ranges(of: table, in: $0) } }
    }

    package func chunk(of name: TableName, in range: KeyRange, limit: ByteCount) async throws -> Chunk {
        var table = try await found(name)
        for _ in 0..<5 {
            let count = widths.rows(in: limit, of: name)
            let part = try await pool.use { [table] connection in
                try await connection.read(table, range, count: count, limit: limit)
            }
            if let part {
                widths.learn(part.bytes.count, for: part.count, of: name)
                return chunk(part, of: table, range)
            }
            table = try await read(name)
        }
        throw StoreError(
            .busy,
            "\(label): the table changes its structure again and again; Tally tries again",
            table: name
        )
    }

    package func close() async {
        await pool.close()
    }

    private func chunk(_ part: LoadConnection.Part, of table: PostgresTable, _ range: KeyRange) -> Chunk {
        let format = ChunkQuery(table).format
        var packed: PackedRows?
        if part.count > 0 {
            let (pieces, columns) = ([part.bytes], table.columns)
            packed = PackedRows(
                form: format.packedForm,
                layout: PackedLayout(columns).text,
                count: part.count,
                pieces: pieces
            ) {
                try RowDecoder.rows(of: pieces, columns: columns, format: format)
            }
        }
        return Chunk(
            schema: table.schema,
            rows: [],
            packed: packed,
            range: KeyRange(lower: range.lower, upper: part.isLast ? range.upper : part.lastKey),
            isLast: part.isLast,
            asOf: part.asOf,
            byteCount: part.bytes.count
        )
    }

    private func found(_ name: TableName) async throws -> PostgresTable {
        if let table = known(name) { return table }
        return try await read(name)
    }

    private func read(_ name: TableName) async throws -> PostgresTable {
        let table = try await pool.use { connection in
            try await connection.run { connection in
                // Waits for whoever is changing the table just now.
                try connection.awaitStructure(of: name)
                return try PostgresCatalog.table(named: name, in: connection, detail: .definition)
            }
        }
        guard let table else {
            throw StoreError(
                .missingTable,
                "\(label): the table was dropped or renamed; the stream will say so",
                table: name
            )
        }
        return table
    }
}
