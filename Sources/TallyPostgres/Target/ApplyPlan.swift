import TallyModel

/// Changes of one table that one statement makes true.
struct ChangeRun: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case delete
        /// Writes these columns of the row with the key.
        case update([Int])
        /// Writes a complete row that is not expected to be there.
        case insert
        /// One change, of a row that gets another key.
        case move
        case truncate
    }

    var kind: Kind
    /// The place of the table in the slice.
    var table: Int
    /// Places in the slice's changes.
    var changes: [Int]
    /// How many deletes are of rows that the slice itself inserted, and so are not missed where they are not there.
    var unexpected = 0

    /// The run in parts of so many changes at most.
    func parts(of most: Int) -> [ChangeRun] {
        guard changes.count > most else { return [self] }
        return stride(from: 0, to: changes.count, by: most).map { start in
            var part = self
            part.changes = Array(changes[start..<min(start + most, changes.count)])
            part.unexpected = start == 0 ? unexpected : 0
            return part
        }
    }
}

/// A slice's changes, put in an order and in groups in which few statements make them true.
struct ApplyPlan: Sendable {
    fileprivate(set) var runs: [ChangeRun] = []
    fileprivate(set) var rejections: [Rejection] = []
    /// Inserts and updates that met another insert of their row in the slice.
    fileprivate(set) var mended = 0
    /// The rows of changes that stand for several, by the change's place.
    fileprivate var rows: [Int: Row] = [:]
    /// The changes that another one stands for, by that one's place.
    fileprivate var folded: [Int: [Int]] = [:]

    /// What the change at a place is to make of its row.
    @inline(__always)
    func row(_ place: Int, of slice: borrowing Slice) -> Row {
        if rows.isEmpty { return slice.changes[place].row }
        return rows[place] ?? slice.changes[place].row
    }

    /// The rejections of a change, and of those that it stands for.
    func rejections(of place: Int, reason: String) -> [Rejection] {
        ((folded[place] ?? []) + [place]).map { Rejection(index: $0, reason: reason) }
    }

    static let missingKey = "the change does not hold the row's key, or a column of the key is NULL"
}

/// Makes an ``ApplyPlan``.
struct ApplyPlanner {
    /// What is right for a table.
    enum Discipline: Sendable, Hashable {
        /// Rows do not depend on each other: many changes of one become one, deletes come first and inserts last.
        case folding
        /// Rows depend on each other's order: only neighbours of one kind are taken together.
        case ordered
    }

    private enum Kind: UInt8 {
        case insert, update, delete
    }

    private struct Entry {
        var kind: Kind
        /// The last change of the row.
        var change: Int
        /// A delete before the insert; -1 for none.
        var deletedBy = -1
        /// Whether the row was not there before the slice, as far as the slice says.
        var wasInserted: Bool
    }

    private struct Gathering {
        var entries: [Entry] = []
        var index = KeyIndex()
    }

    private let slice: Slice
    private let disciplines: [Discipline]
    /// Whether even changes of different tables stay in order.
    private let keepsTableOrder: Bool
    /// For each table an update of all columns: made once, because comparing it with itself costs nothing.
    private let completeUpdates: [ChangeRun.Kind]
    private var gatherings: [Gathering]
    /// For tables whose order is kept: the run that may still grow.
    private var open: [(run: ChangeRun, index: KeyIndex)?]
    private var lastTable = -1
    private var plan = ApplyPlan()

    static func plan(_ slice: Slice, _ disciplines: [Discipline], keepsTableOrder: Bool) -> ApplyPlan {
        var planner = ApplyPlanner(slice, disciplines, keepsTableOrder: keepsTableOrder)
        planner.takeAll()
        return planner.plan
    }

    private init(_ slice: Slice, _ disciplines: [Discipline], keepsTableOrder: Bool) {
        self.slice = slice
        self.disciplines = disciplines
        self.keepsTableOrder = keepsTableOrder
        completeUpdates = slice.tables.map { .update(Array($0.columns.indices)) }
        gatherings = [Gathering](repeating: Gathering(), count: slice.tables.count)
        open = [(run: ChangeRun, index: KeyIndex)?](repeating: nil, count: slice.tables.count)
    }

    private mutating func takeAll() {
        for place in slice.changes.indices {
            let table = slice.changes[place].table
            if keepsTableOrder, table != lastTable, lastTable >= 0 { flush(lastTable) }
            lastTable = table
            take(place, table)
        }
        for table in slice.tables.indices { flush(table) }
    }

    private mutating func take(_ place: Int, _ table: Int) {
        let key = slice.tables[table].key
        let kind: Kind
        switch slice.changes[place].operation {
        case .truncate:
            flush(table)
            return addTruncate(place, table)
        case .insert: kind = .insert
        case .delete: kind = .delete
        case .update:
            if let former = slice.changes[place].formerKey, former != slice.changes[place].row.picking(key) {
                flush(table)
                return addMove(place, table, former)
            }
            kind = .update
        }
        guard let hash = KeyIndex.hash(slice.changes[place].row, key) else { return refuse(place) }
        switch disciplines[table] {
        case .folding: gather(place, table, kind, hash)
        case .ordered: extend(place, table, kind, hash)
        }
    }

    private mutating func refuse(_ place: Int) {
        plan.rejections.append(Rejection(index: place, reason: ApplyPlan.missingKey))
    }

    private mutating func addTruncate(_ place: Int, _ table: Int) {
        // Tables that were emptied together are emptied together: foreign keys may allow nothing else.
        plan.runs.append(ChangeRun(kind: .truncate, table: table, changes: [place]))
    }

    private mutating func addMove(_ place: Int, _ table: Int, _ former: Row) {
        let hasKey = KeyIndex.hash(slice.changes[place].row, slice.tables[table].key) != nil
        guard hasKey, KeyIndex.hash(former, Array(former.values.indices)) != nil else { return refuse(place) }
        plan.runs.append(ChangeRun(kind: .move, table: table, changes: [place]))
    }

    // MARK: Folding

    private mutating func gather(_ place: Int, _ table: Int, _ kind: Kind, _ hash: UInt64) {
        let entry = Entry(kind: kind, change: place, wasInserted: kind == .insert)
        guard let known = known(place, table, hash) else { return gatherings[table].entries.append(entry) }
        let earlier = gatherings[table].entries[known]
        switch (earlier.kind, kind) {
        case (.insert, .delete), (.update, .delete):
            fold(earlier.change, into: place)
            if earlier.deletedBy >= 0 { fold(earlier.deletedBy, into: place) }
            gatherings[table].entries[known].kind = .delete
            gatherings[table].entries[known].deletedBy = -1
        case (.delete, .insert):
            gatherings[table].entries[known].kind = .insert
            gatherings[table].entries[known].deletedBy = earlier.change
        case (.insert, .update), (.update, .update):
            fold(earlier.change, into: place)
            if !slice.changes[place].row.isComplete {
                plan.rows[place] = plan.row(earlier.change, of: slice).overlaid(by: slice.changes[place].row)
            }
            plan.rows[earlier.change] = nil
        case (.delete, .delete):
            fold(earlier.change, into: place)
            plan.mended += earlier.wasInserted ? 0 : 1
        case (.delete, .update), (.insert, .insert), (.update, .insert):
            // The source says what cannot be: one after the other, as it says.
            flush(table)
            _ = self.known(place, table, hash)
            return gatherings[table].entries.append(entry)
        }
        gatherings[table].entries[known].change = place
    }

    /// The entry of the change's row; where there is none, the next one's place is taken for it.
    @inline(__always)
    private mutating func known(_ place: Int, _ table: Int, _ hash: UInt64) -> Int? {
        let key = slice.tables[table].key
        let changes = slice.changes
        let entries = gatherings[table].entries
        return gatherings[table].index.place(of: hash) { other in
            let earlier = changes[entries[other].change].row.values
            let now = changes[place].row.values
            return key.allSatisfy { earlier[$0] == now[$0] }
        }
    }

    private mutating func fold(_ earlier: Int, into place: Int) {
        plan.folded[place, default: []].append(contentsOf: (plan.folded.removeValue(forKey: earlier) ?? []) + [earlier])
    }

    // MARK: Keeping order

    private mutating func extend(_ place: Int, _ table: Int, _ kind: Kind, _ hash: UInt64) {
        let runKind = runKind(kind, of: slice.changes[place].row, table)
        let key = slice.tables[table].key
        let changes = slice.changes
        if var current = open[table].take() {
            let members = current.run.changes
            let isKnown =
                current.run.kind != runKind
                || current.index.place(of: hash) { other in
                    key.allSatisfy { changes[members[other]].row.values[$0] == changes[place].row.values[$0] }
                } != nil
            if !isKnown {
                current.run.changes.append(place)
                open[table] = current
                return
            }
            plan.runs.append(current.run)
        }
        var index = KeyIndex()
        _ = index.place(of: hash) { _ in false }
        open[table] = (ChangeRun(kind: runKind, table: table, changes: [place]), index)
    }

    // MARK: Runs

    private mutating func flush(_ table: Int) {
        if let current = open[table].take() { plan.runs.append(current.run) }
        guard !gatherings[table].entries.isEmpty else { return }
        let entries = gatherings[table].entries
        var deletes = ChangeRun(kind: .delete, table: table, changes: [])
        var inserts = ChangeRun(kind: .insert, table: table, changes: [])
        var updates: [ChangeRun] = []
        for entry in entries {
            if entry.deletedBy >= 0 || entry.kind == .delete {
                deletes.changes.append(entry.kind == .delete ? entry.change : entry.deletedBy)
                if entry.wasInserted { deletes.unexpected += 1 }
            }
            if entry.kind == .delete { continue }
            let kind = runKind(entry.kind, of: plan.row(entry.change, of: slice), table)
            if kind == .insert {
                inserts.changes.append(entry.change)
            } else if let run = updates.firstIndex(where: { $0.kind == kind }) {
                updates[run].changes.append(entry.change)
            } else {
                updates.append(ChangeRun(kind: kind, table: table, changes: [entry.change]))
            }
        }
        for var run in [deletes] + updates + [inserts] where !run.changes.isEmpty {
            KeyOrder.sort(&run.changes, by: slice.tables[table].key) { plan.row($0, of: slice) }
            plan.runs.append(run)
        }
        gatherings[table].entries.removeAll(keepingCapacity: true)
        gatherings[table].index.removeAll()
    }

    /// An insert that does not hold the whole row can only write to one that is there.
    private func runKind(_ kind: Kind, of row: Row, _ table: Int) -> ChangeRun.Kind {
        if kind == .delete { return .delete }
        guard row.isComplete else { return .update(row.values.indices.filter { row.values[$0] != nil }) }
        return kind == .insert ? .insert : completeUpdates[table]
    }
}
