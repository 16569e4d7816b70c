import TallyLedger
import TallyMerge
import TallyModel
import Threading

/// A group's one writer: takes in what members committed, and keeps what it became.
///
/// On a thread of its own, for the ledger's calls block. What a call has returned is durable.
actor GroupRecord {
    private let thread = DatabaseThread(name: "tally-group")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    nonisolated let head: Beacon
    let settings: GroupSettings
    private let path: String
    let now: WallClock
    let expressions: any MergeExpressions
    private var ledger: GroupLedger?
    private var merger: Merger
    private var members: [String: GroupMember] = [:]
    private var tables: [GroupTable] = []
    /// Members that refuse rows.
    private var refusing: Set<Actor> = []
    /// The rows that constraints keep from all members, and what is known of them.
    var standoffs: [Standoff] = []
    /// The kinds of store that members are: those of different kinds write one value differently.
    private let kinds: Set<String>
    private(set) var identity = ""

    init(
        _ settings: GroupSettings,
        path: String,
        kinds: Set<String>,
        expressions: any MergeExpressions,
        now: @escaping WallClock
    ) {
        self.kinds = kinds
        self.settings = settings
        self.path = path
        self.now = now
        self.expressions = expressions
        head = Beacon()
        merger = Merger(tables: [], skew: settings.skew, expressions: expressions)
    }

    // MARK: Opening

    /// Opens the ledger, and makes one where there is none.
    func open() throws {
        guard ledger == nil else { return }
        self.ledger = try GroupLedger(path: path, group: settings.name, clock: now)
        let ledger = try opened()
        try ledger.writing { try ledger.nameMembers(settings.members) }
        identity = try ledger.identity()
        members = Dictionary(uniqueKeysWithValues: try ledger.members().map { ($0.name, $0) })
        let (sight, clocks) = try ledger.head()
        merger = Merger(tables: [], head: sight, clocks: clocks, skew: settings.skew, expressions: expressions)
        try ledger.removeScratch()
        try adopt(try ledger.tables())
        refusing = Set(try members.values.map(\.actor).filter(ledger.hasParked))
        standoffs = try ledger.standoffs()
        merger.refused = try ledger.parkedRows()
        try beginAnewWithNewTables()
        try updateStable()
        head.raise(to: sight.sequence)
    }

    func close() {
        ledger?.close()
        ledger = nil
    }

    var isOpen: Bool { ledger != nil }

    func opened() throws -> GroupLedger {
        guard let ledger else { throw StoreError(.unreachable, "\(path): the group's ledger is closed") }
        return ledger
    }

    /// Adds what the ledger knows to a status.
    func report(into status: inout GroupStatus) {
        guard let ledger else { return }
        do {
            status.take(try ledger.conflictCounts())
            status.ledgerBytes = ledger.byteCount
            let parked = try ledger.parkedCounts()
            for place in status.members.indices {
                guard let member = members[status.members[place].name] else { continue }
                status.members[place].refused = parked[member.actor] ?? 0
            }
            status.note(leftOut: try ledger.leftOut(), members.mapValues(\.actor), tables.map(\.schema))
        } catch {
            // What the ledger cannot say now, it says to whoever writes it next, who stops for it.
        }
    }

    // MARK: Tables

    var groupTables: [GroupTable] { tables }

    /// Takes the seed's tables as the group's, where the group has none yet, and those that are new in its settings.
    func adoptTables(ofSeed schemas: [TableSchema]) throws {
        let ledger = try opened()
        var known = try ledger.tables()
        for setting in settings.tables where !known.contains(where: { $0.name == setting.name }) {
            guard let schema = schemas.first(where: { $0.name == setting.name }) else {
                throw StoreError(
                    .missingTable,
                    "member \(settings.seed), the seed of group \(settings.name), has no table \(setting.name), or none "
                        + "whose rows a key tells apart"
                )
            }
            let made = GroupTable.schema(from: schema)
            try ledger.writing { try ledger.save(made, number: known.count, since: merger.head.sequence) }
            known.append(made)
        }
        try adopt(known)
    }

    private func adopt(_ schemas: [TableSchema]) throws {
        let actors = Dictionary(grouping: try opened().authors(), by: \.member).mapValues { $0.map(\.actor) }
        tables = schemas.enumerated().map { number, schema in
            let setting =
                settings.tables.first { $0.name == schema.name } ?? GroupTableSettings(name: schema.name)
            return GroupTable(number: number, schema: schema, settings: setting, actors: actors, kinds: kinds)
        }
        merger.tables = tables.map(\.merge)
    }

    // MARK: Members

    func member(_ name: String) throws -> GroupMember {
        guard let member = members[name] else {
            throw StoreError(.unknown, "\(path): \(name) is no member of group \(settings.name)")
        }
        return member
    }

    /// Whether the seed's rows are in the ledger, so that others can be compared with them.
    var isSeeded: Bool { members[settings.seed]?.stage == .live }

    func save(_ member: GroupMember) throws {
        let ledger = try opened()
        try ledger.writing { try ledger.save(member) }
        adopt(member)
        try updateStable()
    }

    /// Takes note of a member as the ledger has it.
    func adopt(_ member: GroupMember) {
        members[member.name] = member
        head.touch()
    }

    /// What every member has certainly seen.
    func updateStable() throws {
        let ledger = try opened()
        // What the ledger has forgotten of, nobody is told: less is folded then, and nothing else.
        guard let least = members.values.map(\.base).min(), members.values.allSatisfy({ $0.stage == .live }),
            try ledger.has(least)
        else {
            merger.stable = VersionVector()
            return
        }
        merger.stable = try ledger.sight(at: least).vector
    }

    /// Has a member go on under another number, within a transaction of the ledger.
    func renumber(_ member: GroupMember) throws -> GroupMember {
        let renumbered = try opened().renumber(member)
        if refusing.contains(member.actor) { refusing.insert(renumbered.actor) }
        return renumbered
    }

    // MARK: What members wrote

    /// Takes in what one member committed, with how far its log is taken in by that.
    ///
    /// - Throws: Also ``MemberLog/ComparesAgain``, where the ledger has forgotten what the member had seen.
    func take(_ steps: [IntakeStep], from name: String) throws {
        do {
            try takeIn(steps, from: name)
        } catch let error as StoreError where error.code == .historyLost {
            throw MemberLog.ComparesAgain(reason: error.fact)
        }
    }

    private func takeIn(_ steps: [IntakeStep], from name: String) throws {
        let ledger = try opened()
        let member = try member(name)
        let taking = try changing { merger in
            var taking = try StepTaking(
                from: member,
                refuses: refusing.contains(member.actor),
                into: ledger,
                at: path,
                now: now
            )
            for step in steps { try taking.take(step, &merger, recognised) }
            try ledger.save(taking.member)
            return taking
        }
        members[name] = taking.member
        if let refused = taking.refused { merger.refused = refused }
        if !taking.refuses { refusing.remove(member.actor) }
        if taking.member.base != member.base { try updateStable() }
    }

    // MARK: What members refuse

    /// Notes what a batch leaves as it was in a member; see
    /// ``GroupLedger/notePark(_:taken:by:broughtTo:end:at:)``.
    func notePark(
        _ refused: [ParkedRow],
        taken: [RowID],
        by name: String,
        broughtTo sequence: UInt64,
        end: UInt64
    ) throws {
        let ledger = try opened()
        let member = try member(name)
        try ledger.writing {
            let refused = try refused.map { row in
                // A row that the member came with it holds as of then.
                guard let base = try ledger.comparedSequence(of: row.id, in: member.actor), base > row.base else {
                    return row
                }
                return ParkedRow(id: row.id, base: base, reason: row.reason)
            }
            try ledger.notePark(
                refused,
                taken: taken,
                by: member.actor,
                broughtTo: sequence,
                end: end,
                at: now()
            )
            merger.refused = try ledger.parkedRows()
        }
        refusing.insert(member.actor)
    }

    /// Runs `body` as one transaction of the ledger, durable when this returns. What waited in it and is settled now is
    /// superseded, and rows that constraints kept out are decided about anew where something was written that matters.
    ///
    /// - Parameter verify: Looks at what came of it, and may throw it all away.
    func changing<Result>(
        reconsiders: Bool = true,
        _ body: (inout Merger) throws -> Result,
        verify: (Result, [Standoff]) throws -> Void = { _, _ in }
    ) throws -> Result {
        let ledger = try opened()
        var changed = merger
        let known = standoffs
        let waiting = WaitingConflicts(in: ledger, rules: tables.map(\.merge.rules), expressions: expressions)
        let result: Result
        do {
            result = try ledger.writing {
                let mark = ledger.versionMark
                let result = try body(&changed)
                if reconsiders { try reconsider(writtenSince: mark, &changed, ledger) }
                try waiting.supersede(writtenSince: mark)
                try verify(result, standoffs)
                return result
            }
        } catch {
            standoffs = known
            throw error
        }
        merger = changed
        head.raise(to: merger.head.sequence)
        return result
    }
}
