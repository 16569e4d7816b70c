import SQLite
public import TallyModel

/// What a person asked of flows: to stand still, and to load anew.
extension Ledger {
    public func pauses(of flow: String) throws -> [Pause] {
        try reading { connection in
            let rows = try connection.all(
                "SELECT table_schema, table_name, reason, since FROM pause WHERE flow = ? ORDER BY rowid",
                .text(flow)
            )
            return try rows.map { row in
                guard case .integer(let since) = row[3] else {
                    throw Self.damaged(connection.path, "a pause of flow \(flow) cannot be read")
                }
                return Pause(
                    table: TableName(schema: row[0], name: row[1]),
                    reason: row[2].string,
                    since: Timestamp(microseconds: since)
                )
            }
        }
    }

    /// Pauses a flow or a table; what was paused already takes the new reason and time.
    public func pause(_ pause: Pause, flow: String) throws {
        try writing { connection in
            try connection.forget("pause", flow: flow, table: pause.table)
            try connection.run(
                "INSERT INTO pause (flow, table_schema, table_name, reason, since) VALUES (?, ?, ?, ?, ?)",
                .text(flow),
                pause.table.schemaValue,
                pause.table.nameValue,
                Value(pause.reason),
                .integer(pause.since.microseconds)
            )
            try note(.pause, flow: flow, table: pause.table, detail: pause.reason, in: connection)
        }
    }

    /// Ends the pause of the flow (`table` is `nil`; its tables' own pauses stay) or of the table.
    public func resume(flow: String, table: TableName?) throws {
        try writing { connection in
            guard try connection.forget("pause", flow: flow, table: table) else { return }
            try note(.resume, flow: flow, table: table, in: connection)
        }
    }

    public func resyncRequests(of flow: String) throws -> [ResyncRequest] {
        try reading { connection in
            let rows = try connection.all(
                "SELECT id, table_schema, table_name FROM resync_request WHERE flow = ? ORDER BY id",
                .text(flow)
            )
            return try rows.map { row in
                guard case .integer(let id) = row[0] else {
                    throw Self.damaged(connection.path, "a request of flow \(flow) cannot be read")
                }
                return ResyncRequest(id: id, table: TableName(schema: row[1], name: row[2]))
            }
        }
    }

    /// Asks for a load. Asking twice before it begins is asking once.
    public func requestResync(flow: String, table: TableName?) throws {
        try writing { connection in
            try connection.forget("resync_request", flow: flow, table: table)
            try connection.run(
                "INSERT INTO resync_request (flow, table_schema, table_name, requested_at) VALUES (?, ?, ?, ?)",
                .text(flow),
                table.schemaValue,
                table.nameValue,
                .integer(clock().microseconds)
            )
            try note(.requestResync, flow: flow, table: table, in: connection)
        }
    }

    public func resyncBegan(_ request: ResyncRequest, flow: String) throws {
        try writing { connection in
            try connection.run(
                "DELETE FROM resync_request WHERE id = ? AND flow = ?",
                .integer(request.id),
                .text(flow)
            )
            guard connection.changes > 0 else { return }
            try note(.beginResync, flow: flow, table: request.table, in: connection)
        }
    }
}

extension Connection {
    /// Deletes what `relation` holds of exactly the flow (`table` is `nil`) or exactly the table.
    ///
    /// - Returns: Whether there was anything.
    @discardableResult
    fileprivate func forget(_ relation: String, flow: String, table: TableName?) throws -> Bool {
        try run(
            "DELETE FROM \(relation) WHERE flow = ? AND table_schema IS ? AND table_name IS ?",
            .text(flow),
            table.schemaValue,
            table.nameValue
        )
        return changes > 0
    }
}
