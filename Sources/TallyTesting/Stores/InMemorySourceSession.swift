import Synchronization
import TallyModel

/// An in-memory source as one process reaches it.
struct InMemorySourceClient: Source {
    let source: InMemorySource
    let passage: Passage

    func catalog() async throws -> [TableSchema] {
        try await passage.carry(.catalog) { source.tables.values.map(\.schema).sorted { $0.name < $1.name } }
    }

    func inspect(_ request: CaptureRequest) async throws -> [Finding] { [] }

    func verify(_ request: CaptureRequest) async throws {
        try await passage.carry(.inspect) { try source.read { try $0.verify(request) } }
    }

    func open(_ request: CaptureRequest) async throws -> any SourceSession {
        try await passage.carry(.open) {
            try source.read { history in
                var cursor = StreamCursor(entry: try history.open(request))
                let next = history.entry(cursor.entry)
                let schemas = next?.schemasBefore ?? history.schemas
                if request.checkpoint != nil {
                    if history.quirks.sendsAgain {
                        cursor.again = history.transactions(before: cursor.entry, for: request.tables)
                    }
                    if history.quirks.flaw == .skipsAfterReopening, case .transaction(let changes, _)? = next?.content {
                        cursor.offset = min(1, changes.count)
                    }
                }
                return InMemorySourceSession(
                    source: source,
                    passage: passage,
                    request: request,
                    cursor: cursor,
                    start: request.checkpoint?.position ?? history.position(history.order),
                    tables: schemas.values.filter { request.tables.contains($0.name) }.sorted { $0.name < $1.name },
                    loadWidth: history.quirks.loadWidth
                )
            }
        }
    }

    func remove(flow: String) async throws {
        try await passage.carry(.remove) { source.read { $0.remove(flow) } }
    }
}

final class InMemorySourceSession: SourceSession, Sendable {
    private let source: InMemorySource
    private let passage: Passage
    private let request: CaptureRequest
    private let cursor: Mutex<StreamCursor>
    let start: Position
    let tables: [TableSchema]
    let loadWidth: Int

    init(
        source: InMemorySource,
        passage: Passage,
        request: CaptureRequest,
        cursor: StreamCursor,
        start: Position,
        tables: [TableSchema],
        loadWidth: Int
    ) {
        self.source = source
        self.passage = passage
        self.request = request
        self.cursor = Mutex(cursor)
        self.start = start
        self.tables = tables
        self.loadWidth = loadWidth
    }

    var sourceID: String { source.read { $0.id } }

    func next() async throws -> StreamEvent {
        while true {
            try await passage(.next, .going)
            try Task.checkCancellation()
            let event = try cursor.withLock { cursor in
                try source.read { history in
                    let event = try history.event(at: &cursor, for: request.tables)
                    if event != nil, history.quirks.flaw == .forgetsTooEarly,
                        let reached = history.entry(cursor.entry - 1)
                    {
                        history.acknowledge(reached.order, by: request.consumer.flow)
                    }
                    return event
                }
            }
            if let event {
                try await passage(.next, .returning)
                return event
            }
            await source.waitForEntry(cursor.withLock { $0.entry })
        }
    }

    func latest() async throws -> Position {
        try await passage.carry(.latest) { source.read { $0.position($0.order) } }
    }

    func rowCount(of table: TableSchema) async throws -> Int {
        try await passage.carry(.rowCount) { try source.read { try $0.table(table.name).rows.count } }
    }

    func ranges(of table: TableSchema) async throws -> [KeyRange] {
        try await passage.carry(.ranges) {
            try source.read { history in
                let keys = try history.table(table.name).keys
                guard history.quirks.loadWidth > 1, keys.count > 1 else { return [.all] }
                let middle = keys[keys.count / 2]
                return [KeyRange(upper: middle), KeyRange(lower: middle)]
            }
        }
    }

    func chunk(of table: TableName, in range: KeyRange, limit: ByteCount) async throws -> Chunk {
        try await passage.carry(.chunk) { try source.read { try $0.chunk(of: table, in: range, limit: limit) } }
    }

    func acknowledge(_ position: Position) async throws {
        try await passage.carry(.acknowledge) {
            source.read { history in
                if history.quirks.losesAcknowledgements, history.dice.chance(30) { return }
                history.acknowledge(position.order, by: request.consumer.flow)
            }
        }
    }

    func close() async {}
}

extension SourceHistory {
    /// What an error about a table that is gone says, for those who have to tell it from others.
    static let tableIsGone = "the source has no such table any more"

    fileprivate func table(_ name: TableName) throws -> SourceTable {
        guard let table = tables[name] else { throw StoreError(.missingTable, Self.tableIsGone, table: name) }
        return table
    }

    fileprivate mutating func chunk(of name: TableName, in range: KeyRange, limit: ByteCount) throws -> Chunk {
        var table = try table(name)
        if quirks.flaw == .readsOldChunks {
            let older = order > 2 ? states[order - 2]?.last?[name] : nil
            if let older, older.schema == table.schema { table = older }
        }
        let keys = table.keys.filter { KeyOrder.contains(range, $0) }
        let most = quirks.chunkRows.map { 1 + dice.below($0) } ?? keys.count
        var rows: [Row] = []
        var byteCount = 0
        for key in keys.prefix(most) where rows.isEmpty || byteCount < limit.bytes {
            guard let row = table.rows[key] else { continue }
            rows.append(row)
            byteCount += row.byteCount
        }
        let isLast = rows.count == keys.count
        return Chunk(
            schema: table.schema,
            rows: rows,
            range: KeyRange(lower: range.lower, upper: isLast ? range.upper : rows.last.map(table.key)),
            isLast: isLast,
            asOf: position(order),
            byteCount: byteCount
        )
    }
}
