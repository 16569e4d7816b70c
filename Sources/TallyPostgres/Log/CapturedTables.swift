import Synchronization
import TallyModel

/// The tables of a stream as it knows them now, for those who read tables beside it.
final class CapturedTables: Sendable {
    private let tables = Mutex<[TableName: PostgresTable]>([:])

    func set(_ all: [PostgresTable]) {
        let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        tables.withLock { $0 = byName }
    }

    func table(_ name: TableName) -> PostgresTable? { tables.withLock { $0[name] } }
}
