import TallyModel

/// Whether a checkpoint still belongs to the log of a source.
enum CaptureHistory {
    /// - Throws: ``StoreError`` with `historyLost` or `historyWentBackwards` when the stream cannot go on from there.
    static func verify(_ position: Position, flow: String, in connection: PostgresConnection) throws -> CapturePosition
    {
        guard let capture = CapturePosition(detail: position.detail) else {
            throw lost("the target's checkpoint was written with another kind of capture", connection)
        }
        guard try CaptureTables.exist(in: connection),
            try Consumers.all(in: connection).contains(where: { $0.flow == flow })
        else { throw lost("capture for flow \(flow) was removed from the database", connection) }
        let now = try connection.execute("SELECT txid_current_snapshot()").text(0, 0).flatMap { ServerSnapshot($0) }
        guard let now, capture.snapshot.xmax <= now.xmax else {
            throw wentBackwards("the target has taken transactions that the server has not yet made", connection)
        }
        guard try isThere(capture.anchor, in: connection) else {
            let later = try connection.query(
                "SELECT FROM tally.log WHERE place > $1 LIMIT 1",
                [.integer(capture.anchor.place)]
            )
            let acknowledged = try Consumers.all(in: connection).first { $0.flow == flow }?.acknowledged
            let removed = (acknowledged?.detail).flatMap(CapturePosition.init(detail:))
            if let removed, removed.anchor.place > capture.anchor.place, later.rowCount > 0 {
                throw lost("the changes after the target's position were removed", connection)
            }
            throw wentBackwards("the last change that the target has taken is not in the log", connection)
        }
        return capture
    }

    /// Where the log is now, as the open transaction's snapshot sees it.
    static func latest(in connection: PostgresConnection) throws -> CapturePosition {
        let row = try connection.execute(
            """
            SELECT txid_current_snapshot(), place, xid, (extract(epoch FROM at) * 1000000)::bigint
            FROM tally.log ORDER BY place DESC LIMIT 1
            """
        )
        guard row.rowCount == 1, let snapshot = row.text(0, 0).flatMap({ ServerSnapshot($0) }),
            let place = row.integer(0, 1), let transaction = row.integer(0, 2), let time = row.integer(0, 3)
        else { throw lost("the log of changes is empty", connection) }
        return CapturePosition(
            snapshot: snapshot,
            anchor: CapturePosition.Anchor(place: Int64(place), transaction: UInt64(transaction), time: Int64(time))
        )
    }

    private static func isThere(_ anchor: CapturePosition.Anchor, in connection: PostgresConnection) throws -> Bool {
        try connection.query(
            """
            SELECT FROM tally.log WHERE xid = $1 AND place = $2 AND (extract(epoch FROM at) * 1000000)::bigint = $3
            """,
            [.integer(anchor.transaction), .integer(anchor.place), .integer(anchor.time)]
        ).rowCount > 0
    }

    static func lost(_ what: String, _ connection: PostgresConnection) -> StoreError {
        StoreError(
            .historyLost,
            "\(connection.label): \(what), so the stream cannot go on where the target is",
            remedy: .beginAgain
        )
    }

    private static func wentBackwards(_ what: String, _ connection: PostgresConnection) -> StoreError {
        StoreError(
            .historyWentBackwards,
            "\(connection.label): \(what): the database was restored from an older backup, or lost its last commits in a "
                + "failover or crash",
            remedy: .beginAgain
        )
    }
}
