import SQLite
import Synchronization
import TallyMerge
import TallyModel

/// Evaluates merge policies that are SQL, with SQLite, over `base`, `current` and `incoming`.
///
/// Each is compiled as a generated column, where SQLite refuses what gives another result from call to call: copies would
/// not converge.
final class SQLMergeExpressions: MergeExpressions {
    private let evaluators = Mutex<[String: Evaluator]>([:])

    func value(of expression: String, base: Value?, current: Value, incoming: Value) throws -> Value {
        try evaluators.withLock { evaluators in
            let evaluator = try evaluators[expression] ?? Evaluator(expression)
            evaluators[expression] = evaluator
            return try evaluator.value(base: base, current: current, incoming: incoming)
        }
    }

    /// What keeps the expression from being one, in SQLite's words; `nil` where it is one.
    static func problem(with expression: String) -> String? {
        do {
            // What depends on the moment shows only when it is asked for a value.
            _ = try Evaluator(expression).value(base: nil, current: .null, incoming: .null)
            return nil
        } catch {
            let error = error as? StoreError
            return (error?.cause as? SQLiteError)?.message ?? error?.message ?? "it is no expression of SQLite's"
        }
    }

    /// One expression. Unchecked: its connection is touched only while `evaluators` is locked.
    private final class Evaluator: @unchecked Sendable {
        private let statement: Statement

        init(_ expression: String) throws {
            let connection = try Connection(path: ":memory:", access: .create)
            try connection.setStrictQuoting()
            try connection.execute(
                "CREATE TABLE merge(id INTEGER PRIMARY KEY, base, current, incoming, result AS (\(expression)\n))"
            )
            statement = try connection.prepare(
                "INSERT OR REPLACE INTO merge(id, base, current, incoming) VALUES (1, ?, ?, ?) RETURNING result"
            )
        }

        func value(base: Value?, current: Value, incoming: Value) throws -> Value {
            defer { statement.reset() }
            try statement.bind([base ?? .null, current, incoming])
            return try statement.step() ? statement.value(at: 0) : .null
        }
    }
}
