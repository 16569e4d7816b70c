import SQLite
public import TallyModel

/// What ended flows, for whoever looks while no process runs them.
extension Ledger {
    public func stop(of flow: String) throws -> FlowStop? {
        try reading { connection in
            let row = try connection.first("SELECT code, reason, since FROM stop WHERE flow = ?", .text(flow))
            guard let row else { return nil }
            guard let reason = row[1].string, case .integer(let since) = row[2] else {
                throw Self.damaged(connection.path, "what stopped flow \(flow) cannot be read")
            }
            return FlowStop(code: row[0].string, reason: reason, since: Timestamp(microseconds: since))
        }
    }

    public func note(_ stop: FlowStop?, flow: String) throws {
        guard let stop else {
            // Asked at every start of a session; only a flow that stood costs a write.
            guard try self.stop(of: flow) != nil else { return }
            return try writing { try $0.run("DELETE FROM stop WHERE flow = ?", .text(flow)) }
        }
        try writing { connection in
            try connection.run(
                "INSERT OR REPLACE INTO stop (flow, code, reason, since) VALUES (?, ?, ?, ?)",
                .text(flow),
                Value(stop.code),
                .text(stop.reason),
                .integer(stop.since.microseconds)
            )
            try note(.stop, flow: flow, detail: stop.code, in: connection)
        }
    }
}
