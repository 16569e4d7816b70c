import SQLite
import TallyModel

/// The flows that read a source, as the file itself lists them.
enum Consumers {
    /// One flow in the list.
    struct Entry: Sendable, Hashable {
        var flow: String
        var targetID: String
        var targetLabel: String
        var selection: TableSelection
        /// The last row of the log that its target durably holds.
        var acknowledged: Int64
        var registeredAt: String
    }

    static func all(in connection: Connection) throws -> [Entry] {
        let rows = try connection.all(
            "SELECT flow, target_id, target_label, tables, acknowledged, registered_at FROM _tally_flow ORDER BY flow"
        )
        return try rows.map { row in
            guard case .text(let flow) = row[0], case .text(let targetID) = row[1], case .text(let label) = row[2],
                case .text(let tables) = row[3], case .integer(let acknowledged) = row[4],
                case .text(let registeredAt) = row[5]
            else { throw StoreError(.damaged, "\(connection.path): the list of flows in _tally_flow is damaged") }
            return Entry(
                flow: flow,
                targetID: targetID,
                targetLabel: label,
                selection: TableSelection(try ShapeStore.decode([String].self, tables, in: connection)),
                acknowledged: acknowledged,
                registeredAt: registeredAt
            )
        }
    }

    /// Refuses a flow whose name another target goes by. A target made anew in the same place takes the name over.
    static func checkName(of consumer: Consumer, among entries: [Entry], in connection: Connection) throws {
        guard let entry = entries.first(where: { $0.flow == consumer.flow }),
            entry.targetID != consumer.targetID, entry.targetLabel != consumer.targetLabel
        else { return }
        throw StoreError(
            .held,
            "\(connection.path): \(consumer.flow) already reads this file for \(entry.targetLabel), since "
                + "\(entry.registeredAt); choose another name, or end that one with `tally remove \(consumer.flow)`"
        )
    }

    static func register(
        _ consumer: Consumer,
        selection: TableSelection,
        acknowledged: Int64,
        in connection: Connection
    ) throws {
        try connection.run(
            """
            INSERT INTO _tally_flow(flow, target_id, target_label, tables, acknowledged, registered_at, seen_at)
            VALUES (?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
            ON CONFLICT(flow) DO UPDATE SET target_id = excluded.target_id, target_label = excluded.target_label,
            tables = excluded.tables, acknowledged = excluded.acknowledged, seen_at = excluded.seen_at
            """,
            .text(consumer.flow),
            .text(consumer.targetID),
            .text(consumer.targetLabel),
            .text(try ShapeStore.encode(selection.patterns)),
            .integer(acknowledged)
        )
    }

    static func acknowledge(_ sequence: Int64, flow: String, in connection: Connection) throws {
        try connection.run(
            """
            UPDATE _tally_flow SET acknowledged = max(acknowledged, ?), seen_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
            WHERE flow = ?
            """,
            .integer(sequence),
            .text(flow)
        )
    }

    static func unregister(_ flow: String, in connection: Connection) throws {
        try connection.run("DELETE FROM _tally_flow WHERE flow = ?", .text(flow))
    }
}
