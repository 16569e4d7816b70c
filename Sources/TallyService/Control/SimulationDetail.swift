package import Foundation
package import TallyGroup
import TallyModel

/// What recorded history would come to under other policies, as people and programs see it.
package struct SimulationDetail: Sendable, Hashable, Codable {
    package typealias Cell = DeadLetterDetail.Cell

    package struct Item: Sendable, Hashable, Codable {
        package var group: String
        /// The conflict that was recorded; `nil` where there was none.
        package var conflict: Int64?
        package var sequence: UInt64
        package var at: Date?
        package var table: String
        package var key: [Cell]
        /// `nil` for the row's being there.
        package var column: String?
        /// The value as SQL writes it, `present`, `gone` or `absent`.
        package var now: String
        package var then: String
        package var differs: Bool
        /// Whether it would be a conflict, and whether it would wait for a person.
        package var clashes: Bool
        package var waits: Bool

        package init(
            group: String,
            conflict: Int64?,
            sequence: UInt64,
            at: Date?,
            table: String,
            key: [Cell],
            column: String?,
            now: String,
            then: String,
            differs: Bool,
            clashes: Bool,
            waits: Bool
        ) {
            self.group = group
            self.conflict = conflict
            self.sequence = sequence
            self.at = at
            self.table = table
            self.key = key
            self.column = column
            self.now = now
            self.then = then
            self.differs = differs
            self.clashes = clashes
            self.waits = waits
        }
    }

    package var items: [Item]
    /// How many writes that had not seen all were evaluated again.
    package var writes: Int

    package init(items: [Item], writes: Int) {
        self.items = items
        self.writes = writes
    }

    package init(_ simulation: Simulation, group: String) {
        self.init(
            items: simulation.items.map { item in
                Item(
                    group: group,
                    conflict: item.conflict,
                    sequence: item.sequence,
                    at: item.at.map(Date.init),
                    table: "\(item.table.name)",
                    key: ConflictDetail.cells(item.table.keyColumns, item.key),
                    column: item.column.map { item.table.columnName($0) },
                    now: item.now.words,
                    then: item.then.words,
                    differs: item.differs,
                    clashes: item.clashes,
                    waits: item.waits
                )
            },
            writes: simulation.writes
        )
    }

    /// How many of the recorded conflicts would come out as they did, and what else there is to count.
    package var recorded: Int { items.count { $0.conflict != nil } }
    package var different: Int { items.count { $0.conflict != nil && $0.differs } }
    package var vanished: Int { items.count { $0.conflict != nil && !$0.clashes } }
    package var waiting: Int { items.count(where: \.waits) }
    package var new: Int { items.count { $0.conflict == nil && $0.clashes } }
    /// Values that would be others without having been, or becoming, conflicts.
    package var quiet: Int { items.count { $0.conflict == nil && !$0.clashes && $0.differs } }
}

extension Simulation.Item.Result {
    fileprivate var words: String {
        switch self {
        case .value(let value): value?.literal ?? "absent"
        case .present: "present"
        case .gone: "gone"
        }
    }
}
