import TallyModel

/// What a session knows of one table.
struct TableState {
    /// How far it is; `nil` while nothing of it was begun because it is paused.
    var progress: TableProgress?
    /// The source's structure as of the stream.
    var schema: TableSchema
    /// The name in the target.
    var target: TableName
    var isPaused = false
    /// Why it is paused; `nil` when a person asked for it without a word.
    var pauseReason: String?
    /// Where the stream has to be before the table is loaded again, because rows came or went with whole partitions.
    var reloadDue: Position?
    /// Whether rows of the target's table do not depend on each other's order.
    var permitsFolding = false

    /// What to say of a table that was followed and is not at the source any more, or not so that it can be.
    static let goneMessage =
        "the source no longer has it, or nothing there tells its rows apart; the target keeps the rows that it has, and the "
        + "table is compared and followed again when it is back"

    var isGone: Bool { progress?.phase == .dropped }

    /// Whether the stream's changes of the table are applied.
    var isFollowed: Bool {
        guard let progress, !isPaused else { return false }
        return progress.phase != .paused && progress.phase != .dropped
    }
}

struct RouteKey: Hashable {
    let table: TableName
    let version: Int
}

/// What the open batch has done so far, for the meter.
struct PendingCounts {
    struct Operations {
        var inserts = 0
        var updates = 0
        var deletes = 0

        mutating func count(_ operation: Change.Operation) {
            switch operation {
            case .insert: inserts += 1
            case .update: updates += 1
            case .delete, .truncate: deletes += 1
            }
        }
    }

    var changes = 0
    var mended = 0
    var tables: [TableName: Operations] = [:]

    mutating func add(_ operations: Operations, of table: TableName) {
        changes += operations.inserts + operations.updates + operations.deletes
        tables[table, default: Operations()].inserts += operations.inserts
        tables[table, default: Operations()].updates += operations.updates
        tables[table, default: Operations()].deletes += operations.deletes
    }
}
