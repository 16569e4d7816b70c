import TallyTransform
import Synchronization
import TallyEngine
import TallyModel

/// Compares what a target holds with what its source held at the target's checkpoint, at every commit.
final class Judge: Sendable {
    private struct Place: Hashable {
        let table: TableName
        let key: Row
    }

    private let source: InMemorySource
    private let ledger: InMemoryLedger
    private let verdict: Verdict
    private let recipes: [String: Recipe]
    /// Notes that have been read already.
    private let notes = Mutex<[String: TableProgress]>([:])

    init(source: InMemorySource, ledger: InMemoryLedger, verdict: Verdict) {
        self.source = source
        self.ledger = ledger
        self.verdict = verdict
        recipes = Dictionary(uniqueKeysWithValues: Recipe.allCases.map { ($0.settings.fingerprint, $0) })
    }

    /// Takes note of a commit, and condemns what is wrong in it.
    func witness(_ state: inout TargetState, flow: String) {
        guard let held = state.flows[flow], let checkpoint = held.checkpoint else { return }
        verdict.count("commit")
        let moments = source.states(at: checkpoint.position.order)
        // Where structures changed without taking a position, chunks from before and after cannot be told apart until
        // the stream says so.
        let moment = moments.count == 1 ? moments.first : nil
        let explained = explained()
        for (name, text) in held.notes.sorted(by: { $0.key < $1.key }) {
            guard let progress = progress(TableNote(table: name, text: text)) else { continue }
            if progress.phase == .loading, progress.ranges.allSatisfy({ $0.cursor == nil }) {
                state.isTampered.remove(name)
            }
            guard let moment, progress.phase == .live, !state.isTampered.contains(name) else { continue }
            if let problem = problem(of: name, progress, in: state, as: moment[name], excused: explained) {
                verdict.condemn("\(name) at \(checkpoint.position): \(problem)")
            }
        }
    }

    /// Condemns every difference between the target and the source as it is now.
    ///
    /// - Parameter excuses: Whether rows with a dead letter, or whose letter was given up, may differ.
    func judgeTheEnd(_ state: TargetState, flow: String, excuses: Bool) {
        let held = state.flows[flow] ?? TargetState.Held()
        let excused = excuses ? explained() : []
        for (name, table) in source.tables.sorted(by: { $0.key < $1.key }) {
            guard let text = held.notes[name], let progress = progress(TableNote(table: name, text: text)) else {
                verdict.condemn("\(name) was never begun")
                continue
            }
            guard progress.phase == .live else {
                verdict.condemn("\(name) is \(progress.phase.rawValue) at the end")
                continue
            }
            if let problem = problem(of: name, progress, in: state, as: table, excused: excused) {
                verdict.condemn("\(name) at the end: \(problem)")
            }
        }
    }

    private func explained() -> Set<Place> {
        Set(ledger.letters.map { Place(table: $0.table, key: $0.key) })
            .union(ledger.discarded.map { Place(table: $0.table, key: $0.key) })
    }

    private func progress(_ note: TableNote) -> TableProgress? {
        if let known = notes.withLock({ $0[note.text] }) { return known }
        do {
            let progress = try TableProgress(note)
            notes.withLock { $0[note.text] = progress }
            return progress
        } catch {
            verdict.condemn("the note of \(note.table) cannot be read: \(error)")
            return nil
        }
    }

    // MARK: Rows

    /// What is wrong with a live table; `nil` when nothing is.
    private func problem(
        of name: TableName,
        _ progress: TableProgress,
        in state: TargetState,
        as table: SourceTable?,
        excused: Set<Place>
    ) -> String? {
        // A table that the source did not have then has nothing to compare with.
        guard let table else { return nil }
        guard let recipe = recipes[progress.rule] else { return "no such recipe" }
        guard let copy = state.tables[name] else { return "the target lacks the table" }
        let names = Dictionary(uniqueKeysWithValues: progress.adopted.columns.map { ($0.id, $0.name) })
        let columns = table.schema.columns.enumerated().compactMap { place, column in
            progress.ignored.contains(column.id) ? nil : names[column.id].map { (place, $0) }
        }
        // Most tables pass as they are, and most of the time goes here.
        if recipe == .asIs {
            let pairs = columns.map { ($0, copy.schema.column(named: $1)) }
            var matches = 0
            for (key, row) in table.rows {
                guard let actual = copy.rows[key] else { break }
                guard pairs.allSatisfy({ row[$0] == $1.flatMap { actual[$0] } }) else { break }
                matches += 1
            }
            if matches == table.rows.count, matches == copy.rows.count { return nil }
        }
        var surplus = Set(copy.rows.keys)
        for (key, row) in table.rows {
            let values = Dictionary(uniqueKeysWithValues: columns.map { ($1, row[$0] ?? .null) })
            guard let expected = recipe.row(values) else { continue }
            surplus.remove(key)
            let place = Place(table: name, key: key)
            if excused.contains(place) { continue }
            guard let actual = copy.rows[key] else { return "row \(brief(key)) is missing" }
            for (column, value) in expected where copy.schema.column(named: column).flatMap({ actual[$0] }) != value {
                return "row \(brief(key)) differs in \(column)"
            }
        }
        let strange = surplus.filter { !excused.contains(Place(table: name, key: $0)) }
        return strange.min(by: KeyOrder.isBefore).map { "row \(brief($0)) is not in the source" }
    }

    private func brief(_ key: Row) -> String {
        key.values.map { value in
            if case .integer(let number)? = value { "\(number)" } else { "?" }
        }.joined(separator: "/")
    }
}
