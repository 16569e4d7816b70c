import TallyModel

/// Writes to a simulated source what applications and people write: seeded transactions and changes of structure.
struct WorldWriter {
    let source: InMemorySource
    let scenario: Scenario
    let clock: VirtualClock

    func makeTables() {
        for name in scenario.tables { source.create(scenario.table(name)) }
    }

    func write(_ dice: Dice) {
        let count = dice.chance(5) ? 30 : 1 + dice.below(6)
        let names = source.tables.keys.sorted()
        source.write(at: clock.timestamp) { transaction in
            for _ in 0..<count {
                if let name = dice.pick(names) { change(name, in: &transaction, dice) }
            }
        }
    }

    private func change(_ name: TableName, in transaction: inout SourceTransaction, _ dice: Dice) {
        guard let table = transaction.tables[name] else { return }
        let kind = dice.below(100)
        let row = row(of: table, dice)
        guard kind >= 40, let key = dice.pick(table.keys), var old = table.rows[key] else {
            transaction.insert(row, into: name)
            return
        }
        switch kind {
        case 40..<72:
            // Another value here and there, under the same key.
            for place in row.values.indices where !table.schema.key.contains(place) && dice.chance(40) {
                old[place] = row[place]
            }
            transaction.update(key, of: name, to: old, sparingly: scenario.isSparing)
        case 72..<80: transaction.update(key, of: name, to: row, sparingly: scenario.isSparing)
        case 80..<99: transaction.delete(key, from: name)
        default: transaction.truncate(name)
        }
    }

    private func row(of table: SourceTable, _ dice: Dice) -> Row {
        Row(
            table.schema.columns.map { column in
                switch column.name {
                case "id": .integer(Int64(dice.below(14)))
                case "part": .integer(Int64(dice.below(2)))
                case "a": .integer(Int64(dice.below(20)))
                case "b": .text("text \(dice.below(50))")
                case "flag": .integer(Int64(dice.below(2)))
                case "u": dice.chance(20) ? .null : .integer(Int64(dice.below(10)))
                default: dice.chance(20) ? .null : .integer(Int64(dice.below(100)))
                }
            }
        )
    }

    // MARK: Structure

    func alter(_ dice: Dice) -> String? {
        guard let name = dice.pick(source.tables.keys.sorted()), let table = source.tables[name] else { return nil }
        let extra = table.schema.columns.map(\.name).filter { $0.hasPrefix("x") }
        switch dice.below(4) {
        case 0, 1:
            // Never a name again: with `dropped: keep` the target still has the column of that name, and its values.
            return "add \(source.addColumn(to: name, default: dice.chance(50) ? 7 : nil)) to \(name)"
        case 2:
            guard let column = dice.pick(extra) else { return nil }
            source.renameColumn(column, of: name, to: column + "r")
            return "rename \(column) of \(name)"
        default:
            guard let column = dice.pick(extra) else { return nil }
            source.dropColumn(column, of: name)
            return "drop \(column) of \(name)"
        }
    }

    func beginOrEndTable(_ dice: Dice) -> String? {
        guard let name = dice.pick(scenario.tables) else { return nil }
        guard source.tables[name] != nil else {
            source.create(filled(scenario.table(name), dice))
            return "create \(name)"
        }
        if dice.chance(50) {
            source.create(filled(scenario.table(name), dice))
            return "recreate \(name)"
        }
        source.drop(name)
        return "drop \(name)"
    }

    /// With rows that capture has not seen.
    private func filled(_ table: SourceTable, _ dice: Dice) -> SourceTable {
        var table = table
        for _ in 0..<dice.below(6) {
            let row = row(of: table, dice)
            if table.permits(row, inPlaceOf: nil) { table.rows[table.key(of: row)] = row }
        }
        return table
    }
}
