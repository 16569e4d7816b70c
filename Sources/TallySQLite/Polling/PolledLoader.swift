import SQLite
import TallyModel
import Threading

/// Reads tables whole, a chunk at a time, beside the polls and on a connection and a thread of its own.
actor PolledLoader {
    private let thread = DatabaseThread(name: "tally-load")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let file: SourceFile
    private let settings: CaptureSettings
    private let structure: PolledStructure
    private let orders: PollOrders
    private var connection: Connection?

    init(_ file: SourceFile, _ settings: CaptureSettings, structure: PolledStructure, orders: PollOrders) {
        self.file = file
        self.settings = settings
        self.structure = structure
        self.orders = orders
    }

    /// Rows that are marked as deleted are not in the chunk, so that a comparison deletes them.
    func chunk(of name: TableName, in range: KeyRange, limit: ByteCount) throws -> Chunk {
        let connection = try connected()
        try file.checkIsInPlace()
        let (schema, read) = try connection.transaction(.deferred) {
            let schema = try structure.table(name, in: connection)
            return (schema, try ChunkReader(schema).read(range, limit: limit, from: connection))
        }
        var rows = read.rows
        if settings.softDelete != nil {
            let table = try PolledTable(schema, settings)
            rows.removeAll(where: table.isDeleted)
        }
        return Chunk(
            schema: schema,
            rows: rows,
            range: read.range,
            isLast: read.isLast,
            // A poll that begins from here on sees all that the chunk saw.
            asOf: Position(order: orders.promise()),
            byteCount: read.byteCount
        )
    }

    func rowCount(of table: TableSchema) throws -> Int {
        let count = try connected().first("SELECT count(*) FROM \(quoted(table.name.name))")?.first
        guard case .integer(let count)? = count else { return 0 }
        return Int(count)
    }

    func close() {
        connection = nil
    }

    private func connected() throws -> Connection {
        if let connection { return connection }
        let opened = try file.connect(.readWrite)
        try opened.execute("PRAGMA query_only = ON")
        connection = opened
        return opened
    }
}
