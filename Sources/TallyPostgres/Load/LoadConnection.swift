import Threading
package import TallyModel

/// Where a chunk of a load ends in time, in the words of the capture that it runs beside: asked on the connection that
/// read the chunk, after it.
package typealias PositionReading = @Sendable (PostgresConnection) throws -> Position

/// One connection that reads tables beside the stream, on a thread of its own; connects when it is needed.
actor LoadConnection {
    private let thread = DatabaseThread(name: "tally-load")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private nonisolated let interrupter = Interrupter()

    private let options: ConnectionOptions
    private let position: PositionReading
    private var connection: PostgresConnection?

    init(_ options: ConnectionOptions, position: @escaping PositionReading) {
        self.options = options
        self.position = position
    }

    /// What one call read of a table.
    struct Part: Sendable {
        var bytes: [UInt8]
        var count: Int
        /// The key of the last row; `nil` when there was none.
        var lastKey: Row?
        /// Whether there was nothing left to read.
        var isLast: Bool
        var asOf: Position
    }

    /// Reads up to `count` rows from the beginning of `range`, or fewer where they take far more than `limit`.
    ///
    /// - Returns: `nil` when the table is not as `table` says any more.
    func read(_ table: PostgresTable, _ range: KeyRange, count: Int, limit: ByteCount) async throws -> Part? {
        try await interruptibly { connection in
            let query = ChunkQuery(table)
            var rows = CopiedRows(query.format, capacity: limit.bytes + limit.bytes / 4 + 4096)
            let most = limit.bytes * 4
            var isCut = false
            do {
                try connection.beginCopyOut(query.copy(range, count: count))
                while !isCut, try connection.withNextCopyData({ rows.take($0) }) { isCut = rows.bytes.count > most }
            } catch let error as StoreError where [.missingTable, .incompatibleSchema].contains(error.code) {
                return nil
            }
            var connection = connection
            if isCut {
                // Rows are much larger here than before. What has come is whole; the rest is not worth taking in.
                rows.cut()
                connection = try reconnected()
            }
            let asOf = try position(connection)
            guard try isUnchanged(query, connection) else { return nil }
            let last = try RowDecoder.rows(of: [rows.last], columns: table.columns, format: query.format).first
            return Part(
                bytes: rows.bytes,
                count: rows.count,
                lastKey: last?.picking(table.schema.key),
                isLast: !isCut && rows.count < count,
                asOf: asOf
            )
        }
    }

    private func isUnchanged(_ query: ChunkQuery, _ connection: PostgresConnection) throws -> Bool {
        let name = query.table.name
        let now = try connection.query(
            ChunkQuery.structure,
            [.text(name.schema ?? TableName.postgresDefaultSchema), .text(name.name)]
        )
        return now.rowCount == 1 && now.text(0, 0) == query.expectedStructure
    }

    /// Runs statements on the connection, connecting first where it is not there.
    func run<Result: Sendable>(
        _ body: @Sendable (PostgresConnection) throws -> Result
    ) async throws -> Result {
        try await interruptibly(body)
    }

    func close() {
        connection?.close()
        connection = nil
    }

    private func interruptibly<Result: Sendable>(
        _ body: (PostgresConnection) throws -> Result
    ) async throws -> Result {
        try Task.checkCancellation()
        interrupter.clear()
        let interrupter = interrupter
        return try await withTaskCancellationHandler {
            do {
                return try body(opened())
            } catch {
                if error is CancellationError || connection?.isOpen != true { close() }
                throw error
            }
        } onCancel: {
            interrupter.trigger()
        }
    }

    private func opened() throws -> PostgresConnection {
        if let connection, connection.isOpen { return connection }
        return try reconnected()
    }

    private func reconnected() throws -> PostgresConnection {
        connection?.close()
        let fresh = try PostgresConnection(options, application: "tally load", interrupter: interrupter)
        // Chunks are read in the order of the key's index, whatever statistics say of a table that was never analyzed:
        // sorting the table for each chunk would read it once a chunk.
        try fresh.execute(
            """
            SET default_transaction_read_only = on; SET enable_seqscan = off; SET enable_sort = off;
            SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0; SET jit = off; SET lock_timeout = '30s';
            \(RowSecurity.refusing)
            """
        )
        connection = fresh
        return fresh
    }
}
