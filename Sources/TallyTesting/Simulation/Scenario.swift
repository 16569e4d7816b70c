import TallyEngine
import TallyModel

/// What can go wrong, or simply happen, in a simulated history.
package enum Mishap: String, Sendable, CaseIterable {
    case crash, restart, powerLoss, outage, flakiness, refusals, alterations, lifecycle, people, letters, takeover
    case tampering, reconfiguration
}

/// The circumstances of one simulated history.
package struct Scenario: Sendable {
    var mishaps: Set<Mishap> = []
    var tables: [TableName] = []
    /// Tables with a key of two columns.
    var composite: Set<TableName> = []
    /// Tables with a unique column beside the key.
    var unique: Set<TableName> = []
    var recipes: [TableName: Recipe] = [:]
    var quirks = SourceQuirks()
    var rules = SchemaRules()
    /// Whether updates leave out what they did not change.
    var isSparing = false
    /// How many things happen.
    var length: Int
    /// How many steps of the flow pass between two of them, about.
    var pace: Int
    /// How many in a hundred calls are slow.
    var slowness: Int

    init(_ dice: inout SplitMix64, flaw: Flaw?) {
        length = 4 + dice.below(36)
        pace = [2, 6, 20, 60][dice.below(4)]
        slowness = [0, 3, 15][dice.below(3)]
        let share = [0, 15, 30, 60][dice.below(4)]
        for mishap in Mishap.allCases where dice.chance(share) { mishaps.insert(mishap) }
        // A runner that was taken over may park its last refusals after the other has read the letters. The other
        // learns of them at its next start, when they may be out of date.
        if mishaps.contains(.takeover) { mishaps.remove(.refusals) }
        for index in 0..<(1 + dice.below(3)) {
            let name = TableName("t\(index)")
            tables.append(name)
            if dice.chance(25) { composite.insert(name) }
            if dice.chance(25) { unique.insert(name) }
            recipes[name] = dice.chance(15) ? dice.pick(Recipe.allCases) ?? .asIs : .asIs
        }
        isSparing =
            dice.chance(30) && unique.isEmpty
            && !recipes.values.contains(where: \.filters) && !mishaps.contains(.reconfiguration)
        quirks.sliceLimit = dice.chance(30) ? nil : 1 + dice.below(6)
        quirks.chunkRows = dice.chance(20) ? nil : 1 + dice.below(3)
        quirks.loadWidth = 1 + dice.below(2)
        quirks.sendsAgain = dice.chance(40)
        quirks.losesAcknowledgements = dice.chance(40)
        quirks.numbersAlterations = dice.chance(50)
        quirks.flaw = flaw
        // Another recipe may need columns that the target lacks, and where none may be added the table has to wait.
        rules.added = dice.chance(20) && !mishaps.contains(.reconfiguration) ? .ignore : .follow
        rules.dropped = dice.chance(40) ? .follow : .keep
    }

    /// Whether the target can refuse rows, or rows can differ for a while for other reasons that letters explain.
    var isMending: Bool {
        !mishaps.isDisjoint(with: [.refusals, .letters, .tampering]) || recipes.values.contains(where: \.filters)
            || mishaps.contains(.reconfiguration)
    }

    /// The table as the world makes it.
    func table(_ name: TableName) -> SourceTable {
        var columns = [Column(id: 1, name: "id", declaredType: "INTEGER", isNullable: false)]
        if composite.contains(name) { columns.append(Column(id: 2, name: "part", isNullable: false)) }
        let key = Array(columns.indices)
        columns.append(Column(id: 3, name: "a"))
        columns.append(Column(id: 4, name: "b"))
        columns.append(Column(id: 5, name: "flag"))
        if unique.contains(name) { columns.append(Column(id: 6, name: "u")) }
        return SourceTable(TableSchema(name: name, columns: columns, key: key), unique: unique.contains(name) ? 6 : nil)
    }
}
