import TallyLedger
package import TallyMerge
package import TallyModel
import Threading

/// What a group's ledger tells about the past. Reads the file beside whoever writes it, on a thread of its own; changes nothing.
package actor GroupArchive {
    private let thread = DatabaseThread(name: "tally-archive")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    package nonisolated let settings: GroupSettings
    private nonisolated let path: String
    private nonisolated let expressions: any MergeExpressions

    /// - Parameter path: Where the group's ledger is, if it has one yet.
    package init(_ settings: GroupSettings, ledgerPath path: String, expressions: any MergeExpressions) {
        self.settings = settings
        self.path = path
        self.expressions = expressions
    }

    // MARK: Conflicts

    /// The conflicts that a query asks for, oldest first; parts of later ones where it asks for a state.
    ///
    /// - Throws: ``Refusal`` for a table or a member that the group does not have.
    package func conflicts(_ query: ConflictQuery) throws -> [ConflictCase] {
        try reading(otherwise: []) { view in
            var filter = ConflictFilter(state: query.state, since: query.since)
            filter.table = try query.table.map { try view.table(named: $0).number }
            filter.authors = try query.member.map { try view.actors(named: $0) }
            return try view.conflicts(filter)
        }
    }

    /// The conflict with an id; `nil` where there is none.
    package func conflict(_ id: Int64) throws -> ConflictCase? {
        try reading(otherwise: nil) { view in try view.ledger.conflict(id).map { try view.conflict($0) } }
    }

    /// Whether the group has a table of that name.
    package func hasTable(_ name: String) throws -> Bool {
        try reading(otherwise: false) { view in view.tables.contains { $0.schema.goes(by: name) } }
    }

    // MARK: Rows

    /// All versions of one row that the ledger still has.
    ///
    /// - Parameter key: As a person writes it: one value, several with commas between them, or a JSON array.
    /// - Throws: ``Refusal`` where there is no such table or row.
    package func history(of table: String, key: String) throws -> RowHistory {
        let nothing = Refusal(.notFound, "group \(settings.name) has no ledger yet; `tally run` makes it")
        guard let history = try reading(otherwise: nil, { view in try view.history(of: table, key: key) }) else {
            throw nothing
        }
        return history
    }

    // MARK: Other policies

    /// What recorded history would come to under other rules for some of the tables.
    ///
    /// - Throws: ``Refusal`` for a table or a column that the group does not have.
    package func simulate(_ tables: [GroupTableSettings], since: Timestamp?) throws -> Simulation {
        try reading(otherwise: Simulation()) { view in try view.simulate(tables, since: since) }
    }

    /// Runs `body` on one snapshot of the ledger; where there is no ledger yet, returns `nothing`.
    private nonisolated func reading<Result>(otherwise nothing: Result, _ body: (ArchiveView) throws -> Result) throws
        -> Result
    {
        guard let ledger = try GroupLedger(readingAt: path, group: settings.name) else { return nothing }
        defer { ledger.close() }
        return try ledger.reading { try body(ArchiveView(ledger, settings, expressions)) }
    }
}
