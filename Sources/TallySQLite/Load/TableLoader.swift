import SQLite
import TallyModel

/// Reads the tables of a captured source beside the stream, on a connection and a thread of its own.
actor TableLoader {
    private let thread = DatabaseThread(name: "tally-load")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let file: SourceFile
    private var connection: Connection?
    /// The tables as a review left them, and the schema version that it left.
    private var reviewed: (version: Int64, shapes: [TableName: Shape])?

    init(file: SourceFile) {
        self.file = file
    }

    func rowCount(of table: TableName) throws -> Int {
        let connection = try opened()
        guard try Catalog.table(table.name, in: connection) != nil else { throw missing(table) }
        guard case .integer(let count)? = try connection.first("SELECT count(*) FROM \(quoted(table.name))")?.first
        else { return 0 }
        return Int(count)
    }

    /// - Returns: `nil` when the file's structure changed since capture was last brought in line with it.
    func chunk(of table: TableName, in range: KeyRange, limit: ByteCount) throws -> Chunk? {
        let connection = try opened()
        return try connection.transaction(.deferred) {
            let handled = try CaptureTables.handledSchemaVersion(in: connection)
            guard try CaptureTables.schemaVersion(in: connection) == handled else { return nil }
            guard let handled, let shape = try shapes(at: handled, connection)[table] else { throw missing(table) }
            let last = try History.lastSequence(in: connection)
            let read = try ChunkReader(shape.schema).read(range, limit: limit, from: connection)
            return Chunk(
                schema: shape.schema,
                rows: read.rows,
                range: read.range,
                isLast: read.isLast,
                asOf: try History.position(at: last, in: connection),
                byteCount: read.byteCount
            )
        }
    }

    /// The shapes that hold, decoded once for each review: to decode those of many tables takes as long as to read a
    /// chunk.
    private func shapes(at version: Int64, _ connection: Connection) throws -> [TableName: Shape] {
        if let reviewed, reviewed.version == version { return reviewed.shapes }
        let holding = try ShapeStore.all(in: connection).filter { $0.until == nil }
        let shapes = Dictionary(holding.map { ($0.schema.name, $0) }) { _, later in later }
        reviewed = (version, shapes)
        return shapes
    }

    func close() {
        reviewed = nil
        connection?.close()
        connection = nil
    }

    private func missing(_ table: TableName) -> StoreError {
        StoreError(
            .missingTable,
            "\(file.path): the table was dropped or renamed; the stream will say so",
            table: table
        )
    }

    private func opened() throws -> Connection {
        try file.checkIsInPlace()
        if let connection { return connection }
        let connection = try file.connect(.readWrite)
        self.connection = connection
        return connection
    }
}
