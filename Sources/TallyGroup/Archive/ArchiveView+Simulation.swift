import TallyLedger
import TallyMerge
import TallyModel

extension ArchiveView {
    /// Evaluates every write that had not seen all there was under other rules, and sets it beside what came of it.
    ///
    /// Each is taken for itself, from the row as it was then: what people would have written on other results is not known.
    func simulate(_ settings: [GroupTableSettings], since: Timestamp?) throws -> Simulation {
        let rules = try settings.map(rules)
        var simulation = Simulation()
        var conflicts = Dictionary(grouping: try ledger.conflicts(ConflictFilter(since: since))) { conflict in
            Place(row: conflict.row, sequence: conflict.sequence)
        }
        var places: [Place: (at: Timestamp?, dot: Dot)] = [:]
        for recorded in try ledger.concurrentVersions(since: since) {
            let place = Place(row: recorded.row, sequence: recorded.version.sequence)
            places[place] = (recorded.committed, recorded.version.dot)
        }
        for place in conflicts.keys where places[place] == nil {
            guard let version = try ledger.version(of: place.row, upTo: place.sequence) else { continue }
            places[place] = (conflicts[place]?.first?.at, version.dot)
        }
        for (place, origin) in places.sorted(by: { $0.key < $1.key }) {
            guard let whole = try ledger.wholeState(of: place.row, at: place.sequence),
                let version = try ledger.version(of: place.row, upTo: place.sequence)
            else { continue }
            let table = tables[place.row.table]
            let other = rules.first { $0.table == place.row.table }?.rules ?? table.merge.rules
            let known = conflicts.removeValue(forKey: place) ?? []
            // What came of a conflict is on record, whatever the configuration says today.
            let comparison = Comparison(
                now: try known.first.map(\.result) ?? outcome(of: version.state, place.row).row,
                then: try whole.outcome(under: other, evaluating: expressions),
                conflicts: known,
                dot: origin.dot,
                width: table.schema.columns.count
            )
            simulation.writes += 1
            let key = try KeyCoding.decode(place.row.key)
            simulation.items += comparison.items { column, conflict, now, then, clash in
                Simulation.Item(
                    sequence: place.sequence,
                    at: origin.at,
                    table: table.schema,
                    key: key,
                    column: column,
                    conflict: conflict,
                    now: now,
                    then: then,
                    clashes: clash != nil,
                    waits: clash?.isWaiting ?? false
                )
            }
        }
        return simulation
    }

    private func rules(_ setting: GroupTableSettings) throws(Refusal) -> (table: Int, rules: MergeRules) {
        let table = try table(named: "\(setting.name)")
        for name in setting.columns.keys.sorted() where table.schema.column(named: name) == nil {
            let names = table.schema.columns.map(\.name).joined(separator: ", ")
            throw Refusal(.invalid, "table \(setting.name) has no column \(name); its columns are \(names)")
        }
        let other = GroupTable(
            number: table.number,
            schema: table.schema,
            settings: setting,
            actors: authors.byName
        )
        return (table.number, other.merge.rules)
    }

    /// A row at an entry of the ledger.
    private struct Place: Hashable, Comparable {
        var row: RowID
        var sequence: UInt64

        static func < (left: Place, right: Place) -> Bool {
            if left.sequence != right.sequence { return left.sequence < right.sequence }
            if left.row.table != right.row.table { return left.row.table < right.row.table }
            return left.row.key.lexicographicallyPrecedes(right.row.key)
        }
    }
}

/// One write's outcome as it was, and as it would be.
private struct Comparison {
    let now: Row?
    let then: MergeOutcome
    let conflicts: [ConflictRecord]
    let dot: Dot
    let width: Int

    typealias Result = Simulation.Item.Result

    func items(
        _ item: (_ column: Int?, _ conflict: Int64?, _ now: Result, _ then: Result, _ clash: Clash?) -> Simulation.Item
    ) -> [Simulation.Item] {
        var items: [Simulation.Item] = []
        func add(_ column: Int?, _ now: Result, _ then: Result) {
            let conflict = conflicts.first { $0.column == column }?.id
            let clash = self.then.clashes.first { $0.column == column && $0.candidates.contains(dot) }
            if conflict == nil, clash == nil, now == then { return }
            items.append(item(column, conflict, now, then, clash))
        }
        add(nil, now == nil ? .gone : .present, then.row == nil ? .gone : .present)
        if now == nil, then.row == nil { return items }
        for column in 0..<width {
            let isRecorded = conflicts.contains { $0.column == column }
            // Where a row comes or goes as a whole, its columns do not count one by one.
            if (now == nil) != (then.row == nil), !isRecorded { continue }
            add(column, result(now, column), result(then.row, column))
        }
        return items
    }

    private func result(_ row: Row?, _ column: Int) -> Result {
        row.map { .value($0.place(column)) } ?? .gone
    }
}
