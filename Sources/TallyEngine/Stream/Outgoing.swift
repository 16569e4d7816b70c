import TallyModel

/// A slice being made ready for the target, and where each of its changes came from.
struct Outgoing {
    struct Table {
        /// `nil` where the table's changes go by.
        let route: Route?
        let output: TableSchema
        /// What was captured of the table and is sent.
        var operations = PendingCounts.Operations()
    }

    let position: Position
    var tables: [Table] = []
    private(set) var changes: [Change] = []
    /// The captured change behind each of ``changes``, unless they are the captured ones themselves.
    private var captured: [Change] = []
    private var isPassing = false
    /// Changes that could not be transformed, each with how many of ``changes`` come before it.
    var failures: [(before: Int, change: Change, reason: String)] = []

    init(position: Position) {
        self.position = position
    }

    /// What the target is sent: tables whose changes go by are none of its business.
    func slice(end: Commit?, byteCount: Int) -> Slice {
        var slice = Slice(tables: tables.map(\.output), changes: changes, end: end, byteCount: byteCount)
        guard tables.contains(where: { $0.route == nil }) else { return slice }
        var places = [Int](repeating: 0, count: tables.count)
        slice.tables = []
        for (index, table) in tables.enumerated() where table.route != nil {
            places[index] = slice.tables.count
            slice.tables.append(table.output)
        }
        for index in slice.changes.indices { slice.changes[index].table = places[slice.changes[index].table] }
        return slice
    }

    /// Whether every change goes to the target just as it was captured.
    var isUntouched: Bool { tables.allSatisfy { $0.route?.passesRows ?? false } }

    /// The captured change behind each of ``changes``.
    var origins: [Change] { isPassing ? changes : captured }

    /// Sends captured changes as they are, all at once: to copy them one by one would take a good part of the time that
    /// it takes to write them.
    mutating func pass(_ captured: [Change]) {
        changes = captured
        isPassing = true
        for index in captured.indices { tables[captured[index].table].operations.count(captured[index].operation) }
    }

    mutating func reserveCapacity(_ count: Int) {
        changes.reserveCapacity(count)
        captured.reserveCapacity(count)
    }

    mutating func add(_ change: Change, from origin: Change) {
        changes.append(change)
        captured.append(origin)
        tables[origin.table].operations.count(origin.operation)
    }
}
