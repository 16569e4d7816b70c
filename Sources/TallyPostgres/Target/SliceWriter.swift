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
        repeat {
            while let run = next.first, let writer = copier(of: run) {
                next.removeFirst()
                refuse(try writer.copy(rows(of: run), to: target), of: run)
            }
            var checks: [Check] = []
            let results = try target.run { try write(&next, &checks) }
            for (result, check) in zip(results, checks) { try look(at: result, check) }
        } while !next.isEmpty
    }

    mutating func begin() {
        outcome = ApplyOutcome(rejections: plan.rejections, mended: plan.mended)
    }

    /// The writer of a run that is copied; `nil` where it is not.
    private func copier(of run: ChangeRun) -> TableWriter? {
        guard run.kind == .insert, !isReplaying[run.table], let writer = writers[run.table],
            writer.copies(run.changes.count)
        else { return nil }
        return writer
    }

    private func rows(of run: ChangeRun) -> [Row] { run.changes.map { plan.row($0, of: slice) } }

    /// Writes runs up to the next that is copied.
    private mutating func write(_ next: inout ArraySlice<ChangeRun>, _ checks: inout [Check]) throws {
        func send(_ command: Command) throws {
            try target.send(command)
            checks.append(.none)
        }
        while let run = next.first, copier(of: run) == nil {
            next.removeFirst()
            if run.kind == .truncate {
                var all = [run]
                while next.first?.kind == .truncate, let another = next.popFirst() { all.append(another) }
                for command in truncation(of: all) { try send(command) }
            } else if let writer = writers[run.table] {
                for part in run.parts(of: Self.mostAtOnce) { try write(part, with: writer, &checks) }
            }
        }
        if next.isEmpty, endsTransaction { for command in Self.checkingConstraints { try send(command) } }
    }

    /// Whether constraints that were put off have to hold now.
    var endsTransaction: Bool { target.firesTriggers && slice.end != nil }

    static let checkingConstraints = [
        Command("SET CONSTRAINTS ALL IMMEDIATE"), Command("SET CONSTRAINTS ALL DEFERRED"),
    ]

    private mutating func write(
        _ run: ChangeRun,
        with writer: TableWriter,
        _ checks: inout [Check]
    ) throws {
        let rows = rows(of: run)
        let isReplaying = isReplaying[run.table]
        func add(_ encoded: EncodedRows, _ check: Check) throws {
            refuse(encoded.refusals, of: run)
            guard encoded.count > 0 else { return }
            try target.send(encoded.command)
            checks.append(check)
        }
        switch run.kind {
        case .truncate: break
        case .delete:
            let encoded = writer.delete(rows)
            try add(encoded, .deleted(run, encoded.count))
        case .insert:
            try add(writer.insert(rows, or: isReplaying ? .write : .refuse), .none)
        case .update(let columns):
            if isReplaying, columns.count == slice.tables[run.table].columns.count {
                try add(writer.insert(rows, or: .write), .none)
            } else if let encoded = writer.update(rows, columns) {
                try add(encoded, isReplaying ? .none : .updated(encoded.count))
            } else if rows.allSatisfy(\.isComplete) {
                try add(writer.insert(rows, or: .write), .none)
            }
        case .move:
            guard writer.canMove, let former = slice.changes[run.changes[0]].formerKey, writer.mayHold(former),
                let encoded = writer.update(rows, presentColumns(rows[0]), former: [former])
            else { throw Surprise() }
            try add(encoded, .updated(encoded.count))
        }
    }

    func presentColumns(_ row: Row) -> [Int] { row.values.indices.filter { row.values[$0] != nil } }

    mutating func refuse(_ refusals: [Refusal], of run: ChangeRun) {
        for refusal in refusals {
            outcome.rejections += plan.rejections(of: run.changes[refusal.row], reason: refusal.reason)
        }
    }

    /// Looks whether a statement did what was expected.
    private mutating func look(at result: QueryResult, _ check: Check) throws {
        switch check {
        case .none: break
        case .updated(let count): if result.affectedRows < count { throw Surprise() }
        case .deleted(let run, let count):
            if !isReplaying[run.table] { outcome.mended += max(0, count - run.unexpected - result.affectedRows) }
        }
    }

    // MARK: Truncates

    /// Empties tables that the source emptied one after the other. Where foreign keys of other tables forbid TRUNCATE the rows are deleted.
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
