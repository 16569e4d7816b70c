import TallyModel
import TallyPostgres

/// What a target would hold that applies a stream's events and chunks in the simplest way.
struct LogReplica {
    private struct Table {
        var schema: TableSchema
        /// By key, the values by column id.
        var rows: [Row: [Int: Value]] = [:]
    }

    private var tables: [TableName: Table] = [:]
    private(set) var position: Position
    private(set) var changes = 0
    private(set) var slicesWithoutEnd = 0
    private(set) var mostBytes = 0
    private(set) var absent = 0
    private(set) var movedKeys = 0
    private(set) var events: [String] = []
    private(set) var notices: [String] = []
    /// Tables that an event said need a load.
    private(set) var toLoad: [TableName] = []

    init(_ session: LogSession) {
        position = session.start
        for schema in session.tables { tables[schema.name] = Table(schema: schema) }
    }

    var checkpoint: Position { position }

    /// Takes events until the stream has passed `goal`.
    mutating func follow(_ session: LogSession, until goal: Position) async throws {
        while position < goal { try take(try await session.next()) }
    }

    /// Takes events until the stream has passed all that is committed now.
    mutating func catchUp(_ session: LogSession) async throws {
        try await follow(session, until: try await session.latest())
    }

    /// Does the loads that events asked for, as the engine does, until none is left.
    mutating func settle(_ session: LogSession) async throws {
        try await catchUp(session)
        while let table = toLoad.first { try await load(table, from: session) }
    }

    /// Takes events until one of them is told as `event`.
    mutating func follow(_ session: LogSession, until event: String) async throws {
        while !events.contains(event) { try take(try await session.next()) }
    }

    mutating func take(_ event: StreamEvent) throws {
        switch event {
        case .slice(let slice):
            mostBytes = max(mostBytes, slice.byteCount)
            for change in slice.changes { apply(change, slice.tables) }
            changes += slice.changes.count
            if let end = slice.end { position = end.position } else { slicesWithoutEnd += 1 }
        case .schema(let change): follow(change)
        case .notice(let notice): notices.append(notice ?? "")
        case .sweepDue: events.append("sweep due")
        }
    }

    private mutating func follow(_ change: SchemaChange) {
        switch change {
        case .created(let schema):
            events.append("created \(schema.name)")
            tables[schema.name] = Table(schema: schema)
            toLoad.append(schema.name)
        case .altered(_, let schema):
            events.append("altered \(schema.name)")
            tables[schema.name]?.schema = schema
        case .dropped(let name):
            events.append("dropped \(name)")
            tables[name] = nil
        case .invalidated(let schema, _):
            events.append("invalidated \(schema.name)")
            tables[schema.name] = Table(schema: schema)
            toLoad.append(schema.name)
        }
    }

    private mutating func apply(_ change: Change, _ schemas: [TableSchema]) {
        let schema = schemas[change.table]
        guard tables[schema.name] != nil else { return }
        if change.operation == .truncate {
            tables[schema.name]?.rows = [:]
            return
        }
        let key = change.row.picking(schema.key)
        if change.formerKey != nil { movedKeys += 1 }
        let former = tables[schema.name]?.rows.removeValue(forKey: change.formerKey ?? key) ?? [:]
        if change.operation == .delete { return }
        var values = change.operation == .update ? former : [:]
        for (column, value) in zip(schema.columns, change.row.values) {
            if let value { values[column.id] = value } else { absent += 1 }
        }
        tables[schema.name]?.rows[key] = values
    }

    /// Loads a table as the engine does, and follows the stream until it has passed the last chunk.
    mutating func load(_ name: TableName, from session: LogSession, limit: ByteCount = .kibibytes(64)) async throws {
        toLoad.removeAll { $0 == name }
        guard let schema = tables[name]?.schema else { return }
        var asOf = position
        for range in try await session.ranges(of: schema) {
            var rest = range
            while true {
                let chunk = try await session.chunk(of: name, in: rest, limit: limit).unpacked()
                for row in chunk.rows {
                    tables[name]?.rows[row.picking(chunk.schema.key)] = Dictionary(
                        uniqueKeysWithValues: zip(chunk.schema.columns, row.values).map { ($0.id, $1 ?? .null) }
                    )
                }
                asOf = max(asOf, chunk.asOf)
                if chunk.isLast { break }
                rest.lower = chunk.range.upper
            }
        }
        try await follow(session, until: asOf)
    }

    /// The rows as psql shows them, in the order of their key's texts or numbers.
    func rows(of table: String, schema: String? = nil) -> [String] {
        guard let table = tables[TableName(table, schema: schema)] else { return [] }
        let ids = table.schema.columns.map(\.id)
        return table.rows.sorted { Self.precedes($0.key, $1.key) }.map { _, values in
            ids.map { Self.text(values[$0] ?? .null) }.joined(separator: "|")
        }
    }

    private static func precedes(_ left: Row, _ right: Row) -> Bool {
        for (a, b) in zip(left.values, right.values) where a != b {
            switch (a, b) {
            case (.integer(let a), .integer(let b)): return a < b
            default: return text(a ?? .null) < text(b ?? .null)
            }
        }
        return false
    }

    private static func text(_ value: Value) -> String {
        if case .null = value { return "" }
        var writer = ByteWriter()
        do {
            try ValueEncoding.appendText(value, as: .text, to: &writer)
        } catch {
            return "\(error)"
        }
        let text = writer.withBytes { String(decoding: $0, as: UTF8.self) }
        // psql shows booleans by their first letter.
        return value == .boolean(true) ? "t" : value == .boolean(false) ? "f" : text
    }
}
