import Foundation
import SQLite
public import TallyModel

extension Ledger {
    public func deadLetters(of flow: String) throws -> [DeadLetter] {
        try reading { connection in
            var schemas = SchemaCache()
            return try connection.all("\(Self.selectLetters) WHERE flow = ? ORDER BY dead_letter.id", .text(flow))
                .map { try Self.letter($0, &schemas, connection.path) }
        }
    }

    /// One letter of any flow; `nil` when there is none of that number.
    public func deadLetter(_ id: Int64) throws -> DeadLetter? {
        try reading { connection in
            var schemas = SchemaCache()
            return try connection.first("\(Self.selectLetters) WHERE dead_letter.id = ?", .integer(id))
                .map { try Self.letter($0, &schemas, connection.path) }
        }
    }

    public func park(_ letters: [DeadLetter]) throws -> [DeadLetter] {
        guard !letters.isEmpty else { return [] }
        return try writing { connection in
            var schemas: [TableSchema: Int64] = [:]
            var counts = LetterCounts()
            let parked = try letters.map { letter in
                let schema = try schemas[letter.schema] ?? connection.identify(letter.schema)
                schemas[letter.schema] = schema
                counts.add(letter.flow, letter.table)
                return try connection.park(letter, schema: schema)
            }
            try connection.forgetUnusedSchemas()
            for (key, count) in counts.sorted {
                try note(.park, flow: key.flow, table: key.table, detail: Self.detail(count), in: connection)
            }
            return parked
        }
    }

    public func removeDeadLetters(_ ids: [Int64], why: LetterEnding) throws {
        guard !ids.isEmpty else { return }
        try writing { connection in
            var counts = LetterCounts()
            for id in ids {
                guard
                    let row = try connection.first(
                        "SELECT flow, table_schema, table_name FROM dead_letter WHERE id = ?",
                        .integer(id)
                    ), let flow = row[0].string, let table = TableName(schema: row[1], name: row[2])
                else { continue }
                counts.add(flow, table)
                try connection.run("DELETE FROM dead_letter WHERE id = ?", .integer(id))
            }
            try connection.forgetUnusedSchemas()
            for (key, count) in counts.sorted {
                let detail = Self.detail(count)
                try note(AuditEntry.Action(why), flow: key.flow, table: key.table, detail: detail, in: connection)
            }
        }
    }

    private static func detail(_ count: Int) -> String {
        count == 1 ? "1 dead letter" : "\(count) dead letters"
    }

    // MARK: Reading

    private typealias SchemaCache = [String: TableSchema]

    private static let selectLetters = """
        SELECT dead_letter.id, flow, json, operation, row, former_key, key, reason, position, first_seen, last_seen,
            changes
        FROM dead_letter JOIN captured_schema ON captured_schema.id = dead_letter.captured_schema
        """

    private static func letter(_ row: [Value], _ schemas: inout SchemaCache, _ path: String) throws -> DeadLetter {
        guard case .integer(let id) = row[0], let flow = row[1].string, let json = row[2].string,
            let operation = row[3].string.flatMap(Change.Operation.init(name:)), case .bytes(let values) = row[4],
            case .bytes(let key) = row[6], let reason = row[7].string,
            let position = row[8].string.flatMap(Position.init(encoded:)), case .integer(let firstSeen) = row[9],
            case .integer(let lastSeen) = row[10], case .integer(let changes) = row[11]
        else { throw unreadable(row[0], path, nil) }
        do {
            let schema = try schemas[json] ?? JSONDecoder().decode(TableSchema.self, from: Data(json.utf8))
            schemas[json] = schema
            let formerKey: Row? =
                if case .bytes(let bytes) = row[5] { try RowCoding.decode(bytes) } else { nil }
            return DeadLetter(
                id: id,
                flow: flow,
                schema: schema,
                change: Change(operation, table: 0, row: try RowCoding.decode(values), formerKey: formerKey),
                key: try RowCoding.decode(key),
                reason: reason,
                position: position,
                firstSeen: Timestamp(microseconds: firstSeen),
                lastSeen: Timestamp(microseconds: lastSeen),
                changes: Int(changes)
            )
        } catch {
            throw unreadable(row[0], path, error)
        }
    }

    private static func unreadable(_ id: Value, _ path: String, _ cause: (any Error)?) -> StoreError {
        let number = if case .integer(let id) = id { " \(id)" } else { "" }
        return damaged(path, "dead letter\(number) cannot be read", cause: cause)
    }
}

/// How many letters of which table one call was about, for the audit.
private struct LetterCounts {
    struct Key: Hashable {
        let flow: String
        let table: TableName
    }

    private var counts: [Key: Int] = [:]

    mutating func add(_ flow: String, _ table: TableName) {
        counts[Key(flow: flow, table: table), default: 0] += 1
    }

    var sorted: [(key: Key, value: Int)] {
        counts.sorted { ($0.key.flow, $0.key.table) < ($1.key.flow, $1.key.table) }
    }
}

extension Connection {
    /// Drops the captured structures that no letter refers to any more.
    func forgetUnusedSchemas() throws {
        try run(
            """
            DELETE FROM captured_schema
            WHERE NOT EXISTS (SELECT 1 FROM dead_letter WHERE dead_letter.captured_schema = captured_schema.id)
            """
        )
    }

    /// The number under which the ledger keeps a structure.
    fileprivate func identify(_ schema: TableSchema) throws -> Int64 {
        let encoder = JSONEncoder()
        // Sorted, so that equal structures are equal texts.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = Value.text(String(decoding: try encoder.encode(schema), as: UTF8.self))
        try run("INSERT INTO captured_schema (json) VALUES (?) ON CONFLICT DO NOTHING", json)
        guard case .integer(let id)? = try first("SELECT id FROM captured_schema WHERE json = ?", json)?.first else {
            throw Ledger.damaged(path, "it did not keep the structure of table \(schema.name)")
        }
        return id
    }

    /// Inserts a letter, or writes it over the one that is parked for its row.
    fileprivate func park(_ letter: DeadLetter, schema: Int64) throws -> DeadLetter {
        let row = try first(
            """
            INSERT INTO dead_letter (flow, table_schema, table_name, key, captured_schema, operation, row, former_key,
                reason, position, first_seen, last_seen, changes)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (flow, ifnull(table_schema, ''), table_name, key) DO UPDATE SET
                captured_schema = excluded.captured_schema, operation = excluded.operation, row = excluded.row,
                former_key = excluded.former_key, reason = excluded.reason, position = excluded.position,
                last_seen = excluded.last_seen, changes = excluded.changes
            RETURNING id, first_seen
            """,
            .text(letter.flow),
            Value(letter.table.schema),
            .text(letter.table.name),
            .bytes(RowCoding.encode(letter.key)),
            .integer(schema),
            .text(letter.change.operation.name),
            .bytes(RowCoding.encode(letter.change.row)),
            letter.change.formerKey.map { .bytes(RowCoding.encode($0)) } ?? .null,
            .text(letter.reason),
            .text(letter.position.encoded),
            .integer(letter.firstSeen.microseconds),
            .integer(letter.lastSeen.microseconds),
            .integer(Int64(letter.changes))
        )
        guard case .integer(let id)? = row?[0], case .integer(let firstSeen)? = row?[1] else {
            throw Ledger.damaged(path, "it did not keep a dead letter of table \(letter.table)")
        }
        var parked = letter
        parked.id = id
        parked.firstSeen = Timestamp(microseconds: firstSeen)
        return parked
    }
}

extension Change.Operation {
    /// The operation as the ledger writes it.
    fileprivate var name: String {
        switch self {
        case .insert: "insert"
        case .update: "update"
        case .delete: "delete"
        case .truncate: "truncate"
        }
    }

    fileprivate init?(name: String) {
        switch name {
        case "insert": self = .insert
        case "update": self = .update
        case "delete": self = .delete
        case "truncate": self = .truncate
        default: return nil
        }
    }
}
