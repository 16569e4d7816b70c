import Synchronization

/// The tables that this process made in members, by their numbers: what they lack was never deleted there.
final class MadeTables: Sendable {
    private let tables = Mutex<[String: Set<Int>]>([:])

    func note(_ table: Int, in member: String) {
        tables.withLock { _ = $0[member, default: []].insert(table) }
    }

    func contains(_ table: Int, in member: String) -> Bool {
        tables.withLock { $0[member]?.contains(table) ?? false }
    }
}
