import TallyModel

/// Makes one slice true in the open transaction.
///
/// Everything is first done as if the target were as expected, with as few statements and round trips as can be. Where
/// it is not, or the server refuses something, that is undone and done again with care: see `SliceWriter+Care.swift`.
struct SliceWriter {
    /// The target is other than the slice expects; nothing is wrong with that, but more has to be done.
    struct Surprise: Error {}

    private enum Check {
        case none
        case updated(Int)
        case deleted(ChangeRun, Int)
    }

    let target: TargetConnection
    let slice: Slice
    /// One for each of the slice's tables; `nil` for one without changes.
    let writers: [TableWriter?]
    let isReplaying: [Bool]
    let plan: ApplyPlan
    var outcome = ApplyOutcome()
    private var pending: [(command: Command, check: Check)] = []

    init(_ slice: Slice, to target: TargetConnection, _ writers: [TableWriter?], replaying: Set<TableName>) {
        self.target = target
        self.slice = slice
        self.writers = writers
        isReplaying = slice.tables.map { replaying.contains($0.name) }
        let disciplines = writers.map { $0?.discipline ?? .folding }
        plan = ApplyPlanner.plan(
            slice,
            target.firesTriggers ? disciplines.map { _ in .ordered } : disciplines,
            keepsTableOrder: target.firesTriggers
        )
    }

    /// Statements of more rows cost the server more for each: it takes memory for their arrays anew from the kernel every
    /// time (from 128 KiB on, with glibc), and moves those beyond its `work_mem` to a file.
    private static let mostAtOnce = 512

    // MARK: As expected

    /// - Throws: ``Surprise``, or the server's error.
    mutating func writePromptly() throws {
        begin()
        var next = plan.runs[...]
        while let run = next.popFirst() {
            if run.kind == .truncate {
                var all = [run]
                while next.first?.kind == .truncate, let another = next.popFirst() { all.append(another) }
                truncate(all)
            } else if let writer = writers[run.table] {
                let copies = run.kind == .insert && !isReplaying[run.table] && writer.copies(run.changes.count)
                if copies {
                    try copy(run, with: writer)
                } else {
                    for part in run.parts(of: Self.mostAtOnce) { try write(part, with: writer) }
                }
            }
        }
        if endsTransaction { pending += Self.checkingConstraints.map { ($0, .none) } }
        try flush()
    }

    mutating func begin() {
        outcome = ApplyOutcome(rejections: plan.rejections, mended: plan.mended)
        pending = []
    }

    /// Whether constraints that were put off have to hold now.
    var endsTransaction: Bool { target.firesTriggers && slice.end != nil }

    static let checkingConstraints = [
        Command("SET CONSTRAINTS ALL IMMEDIATE"), Command("SET CONSTRAINTS ALL DEFERRED"),
    ]

    private mutating func copy(_ run: ChangeRun, with writer: TableWriter) throws {
        try flush()
        let rows = run.changes.map { plan.row($0, of: slice) }
        refuse(try writer.copy(rows, to: target), of: run)
    }

    private mutating func write(_ run: ChangeRun, with writer: TableWriter) throws {
        let rows = run.changes.map { plan.row($0, of: slice) }
        let isReplaying = isReplaying[run.table]
        switch run.kind {
        case .truncate: break
        case .delete:
            let encoded = writer.delete(rows)
            add(encoded, of: run, .deleted(run, encoded.count))
        case .insert:
            add(writer.insert(rows, or: isReplaying ? .write : .refuse), of: run, .none)
        case .update(let columns):
            if isReplaying, columns.count == slice.tables[run.table].columns.count {
                add(writer.insert(rows, or: .write), of: run, .none)
            } else if let encoded = writer.update(rows, columns) {
                add(encoded, of: run, isReplaying ? .none : .updated(encoded.count))
            } else if rows.allSatisfy(\.isComplete) {
                add(writer.insert(rows, or: .write), of: run, .none)
            }
        case .move:
            guard writer.canMove, let former = slice.changes[run.changes[0]].formerKey, writer.mayHold(former),
                let encoded = writer.update(rows, presentColumns(rows[0]), former: [former])
            else { throw Surprise() }
            add(encoded, of: run, .updated(encoded.count))
        }
    }

    func presentColumns(_ row: Row) -> [Int] { row.values.indices.filter { row.values[$0] != nil } }

    private mutating func add(_ encoded: EncodedRows, of run: ChangeRun, _ check: Check) {
        refuse(encoded.refusals, of: run)
        if encoded.count > 0 { pending.append((encoded.command, check)) }
    }

    mutating func refuse(_ refusals: [Refusal], of run: ChangeRun) {
        for refusal in refusals {
            outcome.rejections += plan.rejections(of: run.changes[refusal.row], reason: refusal.reason)
        }
    }

    /// Sends what has gathered, and looks whether it did what was expected.
    private mutating func flush() throws {
        guard !pending.isEmpty else { return }
        let results = try target.run(pending.map(\.command))
        for (result, (_, check)) in zip(results, pending) {
            switch check {
            case .none: break
            case .updated(let count): if result.affectedRows < count { throw Surprise() }
            case .deleted(let run, let count):
                if !isReplaying[run.table] {
                    outcome.mended += max(0, count - run.unexpected - result.affectedRows)
                }
            }
        }
        pending.removeAll()
    }

    // MARK: Truncates

    /// Empties tables that the source emptied one after the other.
    private mutating func truncate(_ runs: [ChangeRun]) {
        pending += truncation(of: runs).map { ($0, .none) }
    }

    /// Where foreign keys of other tables forbid TRUNCATE the rows are deleted.
    func truncation(of runs: [ChangeRun]) -> [Command] {
        let tables = runs.compactMap { writers[$0.table]?.target }
        let emptied = Set(tables.map(\.table.oid))
        let (whole, referenced) = (
            tables.filter { emptied.isSuperset(of: $0.referencing) && $0.missingRights.isEmpty },
            tables.filter { !emptied.isSuperset(of: $0.referencing) || !$0.missingRights.isEmpty }
        )
        var commands = referenced.map { Command("DELETE FROM \($0.table.rowsSQL)", isKept: false) }
        if !whole.isEmpty {
            let names = Set(whole.map(\.table.rowsSQL)).sorted().joined(separator: ", ")
            commands.append(Command("TRUNCATE \(names)", isKept: false))
        }
        return commands
    }
}
