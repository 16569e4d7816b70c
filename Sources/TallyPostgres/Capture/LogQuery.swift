import TallyModel

/// The statements that read a flow's part of the log.
///
/// What a snapshot sees and an earlier one did not is whole transactions, and all of them, however late they committed
/// (the way of Skytools' PgQ and of Londiste). In the order of their places rows come in the order in which they were
/// changed, since a transaction writes to the log while it holds the row.
struct LogQuery {
    let given: CapturePosition
    /// Whether the connection is new. A server that was restored, or failed over, or crashed without having synchronised
    /// its last commits, gives numbers of transactions again that the stream has seen; a row behind the anchor is news
    /// whatever its number. On one connection that cannot happen.
    let isFirst: Bool

    private var condition: String {
        let pending = given.snapshot.inProgress.map(String.init).joined(separator: ",")
        var condition = "xid >= \(given.snapshot.xmax)"
        if !pending.isEmpty { condition += " OR xid = ANY('{\(pending)}'::bigint[])" }
        if isFirst { condition += " OR place > \(given.anchor.place)" }
        return "(\(condition))"
    }

    /// One row: the snapshot, whether there is anything new, and ``StructureCheck``'s number. `$1` is the `oid[]` of the captured tables.
    var poll: String {
        """
        SELECT txid_current_snapshot()::text, EXISTS (SELECT FROM tally.log WHERE \(condition)),
            (\(StructureCheck.capture))::text
        """
    }

    var copy: String {
        """
        COPY (
            SELECT place, xid, shape, relation::bigint, operation, (extract(epoch FROM at) * 1000000)::bigint, former, image
            FROM tally.log WHERE \(condition) ORDER BY place
        ) TO STDOUT (FORMAT binary)
        """
    }
}
