import TallyModel

/// The flows that read a database's log of triggers, as the database itself lists them.
enum Consumers {
    struct Entry: Sendable, Hashable {
        var flow: String
        var targetID: String
        var targetLabel: String
        var selection: TableSelection
        /// What its target durably holds; `nil` where the flow is only about to begin.
        var acknowledged: Position?
        var registeredAt: String
    }

    static func all(in connection: PostgresConnection) throws -> [Entry] {
        let rows = try connection.query(
            "SELECT flow, target_id, target_label, tables, acknowledged, registered_at FROM tally.consumer ORDER BY flow"
        )
        return try (0..<rows.rowCount).map { row in
            let patterns = try ShapeStore.decode([String].self, rows.text(row, 3) ?? "", in: connection)
            return Entry(
                flow: rows.text(row, 0) ?? "",
                targetID: rows.text(row, 1) ?? "",
                targetLabel: rows.text(row, 2) ?? "",
                selection: TableSelection(patterns),
                acknowledged: rows.text(row, 4).flatMap(Position.init(encoded:)),
                registeredAt: rows.text(row, 5) ?? ""
            )
        }
    }

    /// Refuses a flow whose name another target goes by. A target made anew in the same place takes the name over.
    static func checkName(of consumer: Consumer, among entries: [Entry], label: String) throws {
        guard let entry = entries.first(where: { $0.flow == consumer.flow }),
            entry.targetID != consumer.targetID, entry.targetLabel != consumer.targetLabel
        else { return }
        throw StoreError(
            .held,
            "\(label): \(consumer.flow) already reads this database for \(entry.targetLabel), since "
                + "\(entry.registeredAt); choose another name, or end that one with `tally remove \(consumer.flow)`"
        )
    }

    static func register(
        _ consumer: Consumer,
        selection: TableSelection,
        acknowledged: Position?,
        in connection: PostgresConnection
    ) throws {
        try connection.query(
            """
            INSERT INTO tally.consumer(flow, target_id, target_label, tables, acknowledged) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (flow) DO UPDATE SET target_id = excluded.target_id, target_label = excluded.target_label,
                tables = excluded.tables, acknowledged = excluded.acknowledged, seen_at = now()
            """,
            [
                .text(consumer.flow), .text(consumer.targetID), .text(consumer.targetLabel),
                .text(try ShapeStore.encode(selection.patterns)), .text(acknowledged?.encoded),
            ]
        )
    }

    static func acknowledge(_ position: Position, flow: String, in connection: PostgresConnection) throws {
        try connection.query(
            "UPDATE tally.consumer SET acknowledged = $1, seen_at = now() WHERE flow = $2",
            [.text(position.encoded), .text(flow)]
        )
    }

    static func unregister(_ flow: String, in connection: PostgresConnection) throws {
        try connection.query("DELETE FROM tally.consumer WHERE flow = $1", [.text(flow)])
    }
}
