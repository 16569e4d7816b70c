import TallyModel

/// The same again where something was not as expected: each statement by itself, and what the server refuses divided
/// until the rows that it refuses are alone.
extension SliceWriter {
    static let incomplete = "the row is not in the target and the change does not hold all of its columns"

    mutating func writeCarefully() throws {
        begin()
        if target.firesTriggers { target.hold("SET CONSTRAINTS ALL IMMEDIATE") }
        for run in plan.runs {
            guard let writer = writers[run.table] else { continue }
            do {
                try write(CarefulRun(run, slice, plan), with: writer)
            } catch var error as StoreError where error.table == nil {
                error.table = slice.tables[run.table].name
                throw error
            }
        }
        if target.firesTriggers { target.hold("SET CONSTRAINTS ALL DEFERRED") }
    }

    private mutating func write(_ run: CarefulRun, with writer: TableWriter) throws {
        switch run.kind {
        case .truncate: try empty(run, writer)
        case .delete: try delete(run, writer)
        case .insert: try upsert(run, writer, countsThoseThere: true)
        case .update(let columns): try update(run, columns, writer)
        case .move: try move(run, writer)
        }
    }

    // MARK: Kinds of changes

    private mutating func empty(_ run: CarefulRun, _ writer: TableWriter) throws {
        let truncate = truncation(of: [run.run])
        try isolated(run) { this, _ in
            try this.target.run(truncate)
        } refused: { this, run, _ in
            try this.isolated(run) { this, _ in try this.target.execute("DELETE FROM \(writer.target.table.rowsSQL)") }
        }
    }

    private mutating func delete(_ run: CarefulRun, _ writer: TableWriter) throws {
        let isReplaying = isReplaying[run.table]
        let before = outcome.mended
        try isolated(run) { this, run in
            let encoded = writer.delete(run.rows)
            let deleted = try this.send(encoded, of: run)?.affectedRows ?? 0
            if !isReplaying { this.outcome.mended += encoded.count - deleted }
        }
        outcome.mended = max(before, outcome.mended - run.run.unexpected)
    }

    private mutating func update(_ run: CarefulRun, _ columns: [Int], _ writer: TableWriter) throws {
        let isReplaying = isReplaying[run.table]
        let isComplete = columns.count == slice.tables[run.table].columns.count
        if isReplaying, isComplete { return try upsert(run, writer, countsThoseThere: false) }
        var missing: [Int] = []
        try isolated(run) { this, run in
            guard let encoded = writer.update(run.rows, columns) else {
                if isComplete { _ = try this.send(writer.insert(run.rows, or: .write), of: run) }
                return
            }
            let updated = try this.send(encoded, of: run)?.affectedRows ?? 0
            guard updated < encoded.count, !isReplaying else { return }
            let question = writer.missing(run.rows)
            guard question.count > 0 else { return }
            let answer = try this.target.run([question.command])[0]
            missing += (0..<answer.rowCount).compactMap { answer.integer($0, 0) }.map {
                run.places[question.place($0 - 1)]
            }
        }
        guard !missing.isEmpty else { return }
        let absent = run.picking(missing)
        guard isComplete else {
            for place in absent.places { refuse(place, Self.incomplete) }
            return
        }
        outcome.mended += absent.places.count
        try upsert(absent, writer, countsThoseThere: false)
    }

    /// Writes complete rows over those that are there, if any.
    ///
    /// - Parameter countsThoseThere: Whether rows that are there are not expected.
    private mutating func upsert(_ run: CarefulRun, _ writer: TableWriter, countsThoseThere: Bool) throws {
        let isReplaying = isReplaying[run.table]
        try isolated(run) { this, run in
            let question = writer.count(run.rows)
            if countsThoseThere, !isReplaying, question.count > 0 {
                this.outcome.mended += try this.target.run([question.command])[0].integer(0, 0) ?? 0
            }
            _ = try this.send(writer.insert(run.rows, or: .write), of: run)
        } refused: { this, run, error in
            guard isReplaying, try this.isOutOfTheWay(of: run, error, writer) else {
                return this.refuse(run.places[0], error.reason)
            }
        }
    }

    private mutating func move(_ run: CarefulRun, _ writer: TableWriter) throws {
        let isReplaying = isReplaying[run.table]
        let former = slice.changes[run.places[0]].formerKey.map { [$0] } ?? []
        let isComplete = run.rows[0].isComplete
        guard writer.canMove else {
            let fixed = "the target's column is GENERATED ALWAYS AS IDENTITY, and the change does not hold all columns"
            guard isComplete else { return refuse(run.places[0], fixed) }
            return try replace(run, former, writer)
        }
        var isThere = false
        var isRefused = false
        if isComplete, !former.allSatisfy(writer.mayHold) { return try replace(run, former, writer) }
        try isolated(run) { this, run in
            guard let encoded = writer.update(run.rows, this.presentColumns(run.rows[0]), former: former) else {
                return
            }
            guard encoded.count > 0 else {
                isRefused = true
                return this.refuse(encoded.refusals, of: run.run)
            }
            isThere = try this.send(encoded, of: run)?.affectedRows ?? 0 > 0
        } refused: { this, run, error in
            // Another row has the new key already: the one that is moved takes its place.
            if error.postgres?.isUniqueViolation == true, isComplete { return }
            isRefused = true
            this.refuse(run.places[0], error.reason)
        }
        guard !isThere, !isRefused else { return }
        guard isComplete else {
            if !isReplaying { refuse(run.places[0], Self.incomplete) }
            return
        }
        if !isReplaying { outcome.mended += 1 }
        try replace(run, former, writer)
    }

    /// Writes a complete row under its new key, and removes what is under the former one.
    private mutating func replace(_ run: CarefulRun, _ former: [Row], _ writer: TableWriter) throws {
        try isolated(run) { this, run in
            _ = try this.send(writer.delete(run.rows, former: former), of: run)
            _ = try this.send(writer.insert(run.rows, or: .write), of: run)
        } refused: { this, run, error in
            guard this.isReplaying[run.table], try this.isOutOfTheWay(of: run, error, writer) else {
                return this.refuse(run.places[0], error.reason)
            }
            _ = try this.send(writer.delete(run.rows, former: former), of: run)
        }
    }

    /// Has the rows give way that keep a row from being written, and writes it.
    private mutating func isOutOfTheWay(
        of run: CarefulRun,
        _ error: StoreError,
        _ writer: TableWriter
    ) throws -> Bool {
        var isWritten = false
        var error = error
        var removals: [Command] = []
        // A row can stand in the way of each unique constraint.
        for _ in 0..<max(1, writer.target.constraintCount) {
            guard let obstacle = try writer.obstacle(of: error, in: target) else { return false }
            removals.append(writer.delete(obstacle, inTheWayOf: run.rows))
            let all = removals
            var next: StoreError?
            try isolated(run) { this, run in
                try this.target.run(all)
                _ = try this.send(writer.insert(run.rows, or: .write), of: run)
                isWritten = true
            } refused: { _, _, refusal in
                next = refusal
            }
            guard !isWritten, let next else { return isWritten }
            error = next
        }
        return false
    }

    // MARK: Dividing

    /// Sends a statement with rows, and rejects those that it leaves out.
    private mutating func send(_ encoded: EncodedRows, of run: CarefulRun) throws -> QueryResult? {
        for refusal in encoded.refusals { refuse(run.places[refusal.row], refusal.reason) }
        return encoded.count > 0 ? try target.run([encoded.command])[0] : nil
    }

    private mutating func refuse(_ place: Int, _ reason: String) {
        outcome.rejections += plan.rejections(of: place, reason: reason)
    }

    /// Does `body` for the run's rows; what the server refuses because of its rows is undone and done again by halves.
    ///
    /// - Parameter refused: Called for each row that is refused by itself.
    private mutating func isolated(
        _ run: CarefulRun,
        _ body: (inout SliceWriter, CarefulRun) throws -> Void,
        refused: ((inout SliceWriter, CarefulRun, StoreError) throws -> Void)? = nil
    ) throws {
        let before = outcome
        target.hold("SAVEPOINT tally_step")
        do {
            try body(&self, run)
            target.hold("RELEASE SAVEPOINT tally_step")
        } catch let error as StoreError where error.isAboutRows {
            outcome = before
            try target.execute("ROLLBACK TO SAVEPOINT tally_step; RELEASE SAVEPOINT tally_step")
            if run.places.count > 1 {
                for half in run.halves { try isolated(half, body, refused: refused) }
            } else if let refused {
                try refused(&self, run, error)
            } else {
                refuse(run.places[0], error.reason)
            }
        }
    }
}

/// A run with its rows, or a part of one.
struct CarefulRun: Sendable {
    let run: ChangeRun
    /// Places in the slice's changes.
    let places: [Int]
    let rows: [Row]

    init(_ run: ChangeRun, _ slice: Slice, _ plan: ApplyPlan) {
        self.run = run
        places = run.changes
        rows = run.changes.map { plan.row($0, of: slice) }
    }

    private init(_ whole: CarefulRun, _ indices: some Sequence<Int>) {
        run = whole.run
        places = indices.map { whole.places[$0] }
        rows = indices.map { whole.rows[$0] }
    }

    var kind: ChangeRun.Kind { run.kind }
    var table: Int { run.table }

    var halves: [CarefulRun] {
        let middle = places.count / 2
        return [CarefulRun(self, 0..<middle), CarefulRun(self, middle..<places.count)]
    }

    func picking(_ wanted: [Int]) -> CarefulRun {
        let wanted = Set(wanted)
        return CarefulRun(self, places.indices.filter { wanted.contains(places[$0]) })
    }
}

extension StoreError {
    /// Whether the server refuses what it was sent because of some of its rows.
    var isAboutRows: Bool {
        guard let error = postgres else { return false }
        // Two rows of one statement that the target cannot tell apart; a TRUNCATE that a foreign key forbids.
        return error.speaksOfData || error.state == "21000" || error.state == "0A000"
    }

    /// What the server has against a row, for its dead letter.
    var reason: String { postgres?.description ?? message }
}
