import TallyModel

/// A slice being made ready for the target, and where each of its changes came from.
struct Outgoing {
    struct Table {
        /// `nil` where the table's changes go by.
        let route: Route?
        let output: TableSchema
    }

    let position: Position
    var tables: [Table] = []
    var changes: [Change] = []
    /// The captured change behind each of ``changes``.
    var origins: [Change] = []
    /// Changes that could not be transformed, each with how many of ``changes`` come before it.
    var failures: [(before: Int, change: Change, reason: String)] = []

    init(position: Position) {
        self.position = position
    }

    mutating func add(_ change: Change, from origin: Change) {
        changes.append(change)
        origins.append(origin)
    }
}
