import Synchronization
import TallyModel

/// A sequence that numbers a column's rows.
struct TargetSequence: Sendable, Hashable {
    /// Schema and name, quoted.
    let sql: String

    /// Has the sequence go on after `value`; never backwards, and by whole steps: members of a group that count by
    /// threes, each from its own beginning, keep apart.
    ///
    /// A sequence that Tally may not touch stays as it is; `tally check` says which.
    func advance(to value: Int64, in connection: PostgresConnection) throws {
        do {
            try connection.execute(
                """
                SELECT setval(\(sql.postgresLiteral),
                    least(\(value) - (\(value)::numeric - now.last_value) % s.seqincrement, s.seqmax)::int8)
                FROM \(sql) AS now, pg_sequence AS s
                WHERE s.seqrelid = \(sql.postgresLiteral)::regclass AND s.seqincrement > 0 AND \(value) >= s.seqmin
                    AND (\(value) > now.last_value OR (\(value) = now.last_value AND NOT now.is_called))
                """
            )
        } catch let error as StoreError where [.denied, .missingTable].contains(error.code) {
            return
        }
    }
}

/// How far columns with sequences have been written: by the session, for the connection that moves the sequences on.
final class SequenceMarks: Sendable {
    private let values = Mutex<[TargetSequence: Int64]>([:])

    /// Notes what a commit has made visible.
    func add(_ marks: [TargetSequence: Int64]) {
        guard !marks.isEmpty else { return }
        values.withLock { $0.merge(marks, uniquingKeysWith: max) }
    }

    func take() -> [TargetSequence: Int64] {
        values.withLock { values in
            defer { values = [:] }
            return values
        }
    }
}
