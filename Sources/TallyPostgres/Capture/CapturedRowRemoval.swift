import TallyModel

/// Removes captured rows that no flow needs any more, a step at a time.
enum CapturedRowRemoval {
    static let step = 10_000

    /// Removes some rows: those that every flow's target durably holds. The row that a flow's position points at stays.
    ///
    /// - Returns: How many; less than ``step`` when there are no more.
    static func removeSome(from connection: PostgresConnection) throws -> Int {
        var positions: [CapturePosition] = []
        for entry in try Consumers.all(in: connection) {
            // A flow that is about to begin has still to say what it needs.
            guard let position = (entry.acknowledged?.detail).flatMap(CapturePosition.init(detail:)) else { return 0 }
            positions.append(position)
        }
        guard let xmax = positions.map(\.snapshot.xmax).min(), let last = positions.map(\.anchor.place).min() else {
            return 0
        }
        let kept = positions.map { String($0.anchor.place) }.joined(separator: ",")
        let pending = Set(positions.flatMap(\.snapshot.inProgress)).map(String.init).joined(separator: ",")
        // A row behind every position's place is news to somebody, whatever the number of its transaction: numbers are
        // given again after a failover that lost commits.
        return try connection.execute(
            """
            DELETE FROM tally.log WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM tally.log WHERE xid < \(xmax) AND xid <> ALL('{\(pending)}'::bigint[])
                    AND place <= \(last) AND place <> ALL('{\(kept)}'::bigint[]) ORDER BY xid LIMIT \(step)
            ))
            """
        ).affectedRows
    }
}
