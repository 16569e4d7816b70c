import TallyModel
import TallySQLite

/// Copies of a flow's tables in memory, kept by nothing but the events of its session.
struct Replica {
    var schemas: [TableName: TableSchema] = [:]
    var rows: [TableName: [Row: Row]] = [:]
    var position: Position
    private(set) var log: [String] = []
    /// Tables that the stream said need a load.
    var unloaded: Set<TableName> = []
    let sourceID: String

    /// Loads every table of the session, in chunks.
    init(of session: any SourceSession, limit: ByteCount = .kibibytes(64), isLoading: Bool = true) async throws {
        position = await session.start
        sourceID = await session.sourceID
        for schema in await session.tables {
            schemas[schema.name] = schema
            rows[schema.name] = [:]
            if isLoading { try await load(schema.name, from: session, limit: limit) }
        }
    }

    var checkpoint: Checkpoint { Checkpoint(sourceID: sourceID, position: position) }

    subscript(table: String) -> [Row: Row] { rows[TableName(table)] ?? [:] }

    mutating func load(_ table: TableName, from session: any SourceSession, limit: ByteCount) async throws {
        var range = KeyRange.all
        rows[table] = [:]
        unloaded.remove(table)
        while true {
            let chunk = try await session.chunk(of: table, in: range, limit: limit)
            schemas[table] = chunk.schema
            for row in chunk.rows { rows[table]![row.picking(chunk.schema.key)] = row }
            if chunk.isLast { return }
            range.lower = chunk.range.upper
        }
    }

    /// Takes events until the stream has reached what the source has now.
    mutating func catchUp(with session: any SourceSession) async throws {
        log = []
        while true {
            let latest = try await session.latest()
            if position >= latest { return }
            while position < latest { apply(try await session.next()) }
        }
    }

    /// Catches up and then loads what has to be loaded.
    mutating func catchUpAndLoad(with session: any SourceSession) async throws {
        try await catchUp(with: session)
        for table in unloaded.sorted() { try await load(table, from: session, limit: .kibibytes(64)) }
        let events = log
        try await catchUp(with: session)
        log = events + log
    }

    mutating func apply(_ event: StreamEvent) {
        switch event {
        case .slice(let slice):
            for change in slice.changes { apply(change, slice.tables[change.table]) }
            if let end = slice.end { position = end.position }
        case .schema(.created(let schema)):
            log.append("created \(schema.name)")
            schemas[schema.name] = schema
            rows[schema.name] = [:]
            unloaded.insert(schema.name)
        case .schema(.altered(_, let schema)):
            log.append("altered \(schema.name)")
            // A chunk that was read ahead of the stream may have brought this structure, or a later one, already.
            guard let former = schemas[schema.name], former.version < schema.version else { return }
            schemas[schema.name] = schema
            rows[schema.name] = rows[schema.name]?.mapValues { Self.fitted($0, from: former, to: schema, over: nil) }
        case .schema(.dropped(let name)):
            log.append("dropped \(name)")
            schemas[name] = nil
            rows[name] = nil
        case .schema(.invalidated(let schema, _)):
            log.append("invalidated \(schema.name)")
            unloaded.insert(schema.name)
            guard let former = schemas[schema.name], former.version < schema.version else { return }
            schemas[schema.name] = schema
            rows[schema.name] = [:]
        case .sweepDue(let tables): log.append("sweep due for \(tables)")
        case .notice(let notice): log.append("notice: \(notice ?? "none")")
        }
    }

    /// A row of one structure of a table as a row of another; what it lacks stays, or is NULL.
    private static func fitted(_ row: Row, from former: TableSchema, to schema: TableSchema, over old: Row?) -> Row {
        if former.columns.map(\.id) == schema.columns.map(\.id) { return row }
        return Row(
            schema.columns.enumerated().map { index, column in
                former.columns.firstIndex { $0.id == column.id }.map { row[$0]! } ?? old?[index] ?? .null
            }
        )
    }

    private mutating func apply(_ change: Change, _ schema: TableSchema) {
        let name = schema.name
        let key = change.row.picking(schema.key)
        log.append("\(change.operation) \(name)")
        switch change.operation {
        case .insert, .update:
            if let formerKey = change.formerKey { rows[name]?[formerKey] = nil }
            guard let current = schemas[name] else { return }
            let row = Self.fitted(change.row, from: schema, to: current, over: rows[name]?[key])
            rows[name]?[key] = row
        case .delete: rows[name]?[key] = nil
        case .truncate: rows[name] = [:]
        }
    }
}

extension Row {
    /// A row of known values.
    init(_ values: Value...) {
        self.init(values.map { $0 })
    }
}
