import Synchronization
import TallyModel

/// The tables as a session's stream has them, for reads beside it. Safe to share between threads.
final class KnownTables: Sendable {
    private let tables = Mutex<[TableName: PostgresTable]>([:])

    func table(_ name: TableName) -> PostgresTable? { tables.withLock { $0[name] } }

    func set(_ tables: some Sequence<PostgresTable>) {
        let byName = Dictionary(tables.map { ($0.name, $0) }) { first, _ in first }
        self.tables.withLock { $0 = byName }
    }
}
