import TallyLedger
import TallyModel

/// One member's log as steps that the ledger takes in.
///
/// An actor, so that what comes next is read and put into the group's terms while the ledger takes in what came before.
actor MemberLog {
    private let name: String
    private let tables: [GroupTable]
    private let source: any SourceSession
    private var intake: Intake

    /// - Parameter ledger: The path of the group's.
    init(_ member: GroupMember, _ tables: [GroupTable], from source: any SourceSession, ledger: String) {
        name = member.name
        self.tables = tables
        self.source = source
        intake = Intake(member, tables: tables, ledger: ledger)
    }

    /// The next steps, of which some say how far the log is taken in by them. Waits until there are some.
    ///
    /// - Parameter notice: Told what the source has to say although it goes on; `nil` when that is over.
    /// - Throws: Also ``ComparesAgain``.
    func next(notice: @Sendable (String?) -> Void) async throws -> [IntakeStep] {
        while true {
            try Task.checkCancellation()
            switch try await source.next() {
            case .slice(let slice):
                let steps = try intake.steps(of: slice)
                if steps.contains(where: { $0.position != nil }) { return steps }
            case .schema(let change): try check(change)
            case .notice(let words): notice(words)
            case .sweepDue: continue
            }
        }
    }

    /// Removes what was spooled and is not taken in any more.
    func discard() { intake.discard() }

    /// Goes on with changes of structure that leave the group's columns where they were; columns that a member alone has
    /// are its own business.
    private func check(_ change: SchemaChange) throws {
        guard let table = tables.first(where: { $0.schema.name == change.table }) else { return }
        switch change {
        // What a table of that name held before, the log does not tell.
        case .created(let schema): throw ComparesAgain(reason: "table \(schema.name) was made anew")
        case .altered(let former, let schema):
            let missing = table.schema.columns.filter { schema.column(named: $0.name) == nil }
            if let column = missing.first {
                // What was renamed may have its name back by now, with its values: whether it has, is seen when the member is
                // opened anew. What was dropped has lost them: to compare would take the loss for what the member wrote.
                let id = former.columns.first { $0.name == column.name }?.id
                if id != nil, schema.columns.contains(where: { $0.id == id }) {
                    throw ComparesAgain(reason: "column \(column.name) of \(schema.name) was renamed")
                }
                throw StoreError(
                    .unsupported,
                    "column \(column.name) was dropped in member \(name), and what it held is gone there; put the member back "
                        + "from a backup, and it joins again",
                    table: table.schema.name
                )
            }
            _ = try TableBridge(table, member: schema, named: name)
        case .dropped:
            throw StoreError(
                .unsupported,
                "the table was dropped in member \(name); its rows stay in the others; put the member back from a backup, and it "
                    + "joins again",
                table: table.schema.name
            )
        case .invalidated(_, let reason): throw ComparesAgain(reason: reason)
        }
    }

    /// The log does not tell what happened to a table: the member's rows have to be compared with the group's.
    struct ComparesAgain: Error {
        let reason: String
    }
}
