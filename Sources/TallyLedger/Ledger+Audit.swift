import SQLite
import TallyModel

extension Ledger {
    /// The latest acts, newest first.
    public func audit(limit: Int = 100) throws -> [AuditEntry] {
        try reading { connection in
            let rows = try connection.all(
                "SELECT at, action, flow, table_schema, table_name, detail FROM audit ORDER BY id DESC LIMIT ?",
                .integer(Int64(limit))
            )
            return try rows.map { row in
                guard case .integer(let at) = row[0], let action = row[1].string.flatMap(AuditEntry.Action.init),
                    let flow = row[2].string
                else { throw Self.damaged(connection.path, "an entry of its audit cannot be read") }
                return AuditEntry(
                    at: Timestamp(microseconds: at),
                    action: action,
                    flow: flow,
                    table: TableName(schema: row[3], name: row[4]),
                    detail: row[5].string
                )
            }
        }
    }

    /// Records an act in the transaction that does it.
    func note(
        _ action: AuditEntry.Action,
        flow: String,
        table: TableName? = nil,
        detail: String? = nil,
        in connection: Connection
    ) throws {
        try connection.run(
            "INSERT INTO audit (at, action, flow, table_schema, table_name, detail) VALUES (?, ?, ?, ?, ?, ?)",
            .integer(clock().microseconds),
            .text(action.rawValue),
            .text(flow),
            table.schemaValue,
            table.nameValue,
            Value(detail)
        )
    }
}

extension Optional<TableName> {
    var schemaValue: Value { Value(self?.schema) }
    var nameValue: Value { Value(self?.name) }
}

extension TableName {
    /// The table that two columns name; `nil` where they name none.
    init?(schema: Value, name: Value) {
        guard let name = name.string else { return nil }
        self.init(name, schema: schema.string)
    }
}

extension Value {
    init(_ text: String?) {
        self = text.map(Value.text) ?? .null
    }
}
