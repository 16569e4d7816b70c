package import TallyModel

/// A flow's stream out of the server's log, with reads of tables beside it.
package final class LogSession: SourceSession {
    package let sourceID: String
    package let start: Position
    package let tables: [TableSchema]
    package let loadWidth = TableLoads.width

    private let stream: ReplicationStream
    private let loads: TableLoads

    package static func open(
        _ options: ConnectionOptions,
        request: CaptureRequest,
        context: LogContext = LogContext()
    ) async throws -> LogSession {
        let (stream, opened) = try await ReplicationStream.open(
            options,
            request: request,
            context: context
        )
        let captured = stream.captured
        let timeline = opened.timeline
        let loads = TableLoads(options, known: { captured.table($0) }) { connection in
            Position(order: try LogEnd.inserted(in: connection), detail: timeline)
        }
        return LogSession(stream, opened, loads)
    }

    private init(_ stream: ReplicationStream, _ opened: ReplicationStream.Opened, _ loads: TableLoads) {
        self.stream = stream
        self.loads = loads
        sourceID = opened.sourceID
        start = opened.start
        tables = opened.tables
    }

    package func next() async throws -> StreamEvent { try await stream.next() }

    package func latest() async throws -> Position {
        let position = try await loads.currentPosition()
        stream.want(position)
        return position
    }

    package func acknowledge(_ position: Position) async throws {
        stream.acknowledge(position)
    }

    package func rowCount(of table: TableSchema) async throws -> Int { try await loads.rowCount(of: table) }

    package func ranges(of table: TableSchema) async throws -> [KeyRange] { try await loads.ranges(of: table) }

    package func chunk(of table: TableName, in range: KeyRange, limit: ByteCount) async throws -> Chunk {
        let chunk = try await loads.chunk(of: table, in: range, limit: limit)
        if chunk.isLast { stream.want(chunk.asOf) }
        return chunk
    }

    package func close() async {
        await stream.close()
        await loads.close()
    }
}
