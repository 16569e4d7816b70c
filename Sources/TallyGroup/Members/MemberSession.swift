import Logging
import TallyEngine
import TallyLedger
import TallyMerge
public import TallyModel

/// One member of a group as a place: what it is called, and its store from both sides.
public struct MemberStore: Sendable {
    public var name: String
    /// Where it is, for people; carries no secret.
    public var label: String
    public var kind: String
    public var source: any Source
    public var target: any Target

    public init(name: String, label: String, kind: String, source: any Source, target: any Target) {
        self.name = name
        self.label = label
        self.kind = kind
        self.source = source
        self.target = target
    }
}

/// An open member: its log is read into the ledger, and it is brought to what the ledger holds, until something ends it.
struct MemberSession {
    /// How long a batch may go on that is being written when the group is to stop; one that stands at somebody's lock comes again.
    private static let grace = Duration.seconds(5)

    let store: MemberStore
    let context: GroupContext
    /// Raised when something was taken in from the member, or written there.
    let hasAdvanced = Flag()
    private let target: any TargetSession
    private let source: any SourceSession
    /// How far the member was at the beginning, where the session ends once the group has all of that.
    private let goal: Position?
    /// The sequence that the member holds, of this ledger.
    private let applied: UInt64
    /// The member's tables, where they were seen to before the log was opened.
    private let prepared: [TableSchema]?

    private var record: GroupRecord { context.record }

    /// Takes the member for this process, and opens its log where the ledger's part of it ends.
    static func open(_ store: MemberStore, _ context: GroupContext) async throws -> MemberSession {
        try await find(store, context)
        let target = try await store.target.open(
            flow: context.settings.name,
            runner: context.runner,
            takeOver: context.options.takesOver
        )
        do {
            let applied = try await recognise(store, target, context)
            // Tables are made before the log is opened, so that whatever is written to them is in it.
            let tables = try await tables(for: store, context)
            var schemas: [TableSchema]?
            if let tables { schemas = try await prepare(tables, in: target, of: store, context) }
            let source = try await openLog(of: store, context)
            let goal = context.options.endsWhenCaughtUp ? try await source.latest() : nil
            return MemberSession(
                store: store,
                context: context,
                target: target,
                source: source,
                goal: goal,
                applied: applied,
                prepared: schemas
            )
        } catch {
            await target.close()
            throw error
        }
    }

    /// The group's tables, once the seed has brought them; `nil` for the seed itself.
    private static func tables(for store: MemberStore, _ context: GroupContext) async throws -> [GroupTable]? {
        let seed = context.settings.seed
        guard store.name != seed else { return nil }
        let record = context.record
        while await !record.isSeeded {
            context.meter.enter(.joining, store.name, message: "waits for \(seed), whose rows the group begins with")
            try await record.head.wait(beyond: .max, atMost: .seconds(1))
            if context.stopping.isSet { throw CancellationError() }
        }
        return await record.groupTables
    }

    /// What the group asks of a member's log: to go on where the ledger's part of it ends.
    private static func request(for member: GroupMember, _ context: GroupContext) async -> CaptureRequest {
        CaptureRequest(for: member, in: context.settings, identity: await context.record.identity)
    }

    /// Makes sure that a member that was here before is there: to open a target makes a file that is not, and an empty file
    /// in the place of one that somebody is about to put back would take what was written to that.
    private static func find(_ store: MemberStore, _ context: GroupContext) async throws {
        let request = await request(for: try await context.record.member(store.name), context)
        guard request.checkpoint != nil else { return }
        do {
            try await store.source.verify(request)
        } catch let error as StoreError where error.code.endsHistory {
            // It is there, and has another history: what that means is seen when its log is opened.
        }
    }

    /// Finds out whether this ledger is the one that brought the member to where it is, and makes it so that it is.
    ///
    /// - Returns: The sequence that the member holds.
    private static func recognise(
        _ store: MemberStore,
        _ target: any TargetSession,
        _ context: GroupContext
    ) async throws -> UInt64 {
        let recognition = try await context.record.recognise(store.name, by: await target.progress.checkpoint)
        if let reason = recognition.reason {
            context.meter.enter(.joining, store.name, message: "joins again: \(reason)")
            context.options.logger.warning("joins again", metadata: ["member": "\(store.name)", "reason": "\(reason)"])
            // Its log would tell of sequences that mean something else here.
            try await store.source.remove(flow: context.settings.name)
        }
        // The ledger knows by now what the member is: from here on the member says so, too.
        if let claim = recognition.claim { try await target.commit(claim, notes: []) }
        return recognition.applied
    }

    private static func openLog(of store: MemberStore, _ context: GroupContext) async throws -> any SourceSession {
        let record = context.record
        var member = try await record.member(store.name)
        var request = await request(for: member, context)
        let session: any SourceSession
        do {
            session = try await store.source.open(request)
        } catch let error as StoreError where error.code.endsHistory && request.checkpoint != nil {
            // What the log no longer tells, a comparison does: nothing that the member wrote is lost.
            context.meter.enter(.joining, store.name, message: "joins again: \(error.fact)")
            context.options.logger.warning(
                "joins again",
                metadata: ["member": "\(store.name)", "reason": "\(error.fact)"]
            )
            if error.code != .historyLost {
                member.stage = .restored
            } else if member.stage == .live {
                member.stage = .joining
            }
            member.position = nil
            try await record.save(member)
            try await store.source.remove(flow: context.settings.name)
            request.checkpoint = nil
            session = try await store.source.open(request)
        }
        if request.checkpoint == nil {
            // From here on nothing of the log is missed; what was before it, the comparison finds.
            member.store = await session.sourceID
            member.position = await session.start
            if member.stage == .live { member.stage = .joining }
            context.options.observer?(.logOpened)
            try await record.save(member)
        }
        return session
    }

    // MARK: Running

    /// Runs until told to stop, until caught up, or until something fails.
    func run() async throws {
        let name = store.name
        let meter = context.meter
        if name == context.settings.seed { try await record.adoptTables(ofSeed: await source.tables) }
        let tables = await record.groupTables
        let schemas: [TableSchema]
        if let prepared {
            schemas = prepared
        } else {
            schemas = try await Self.prepare(tables, in: target, of: store, context)
        }
        if try await record.member(name).stage != .live {
            meter.enter(.joining, name)
            try await join(tables, schemas)
        }
        let member = try await record.member(name)
        meter.update(name) { status in
            status.applied = applied
            status.captured = member.position.map { "\($0)" }
        }
        let writer = try MemberWriter(
            record: record,
            path: context.path,
            group: context.settings.name,
            identity: await record.identity,
            member: member,
            outlet: Outlet(tables, schemas: schemas, kind: store.kind, expressions: context.expressions),
            target: target,
            applied: applied,
            hear: { try await hear() },
            meter: meter,
            observer: context.options.observer
        )
        let clock = MemberClock(store, context)
        defer { context.caughtUp.leave(name) }
        if let goal, await source.start >= goal { context.caughtUp.hasRead(name) }
        // Each says whether the session ends with it.
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                let reader = MemberReader(
                    member,
                    tables,
                    from: source,
                    into: record,
                    ledger: context.path,
                    observer: context.options.observer
                )
                try await reader.run(notice: { words in meter.update(name) { $0.notice = words } }) {
                    position,
                    committed in
                    if committed != nil { hasAdvanced.set() }
                    meter.update(name) { $0.captured = "\(position)" }
                    if let committed { clock.saw(committed) }
                    if let goal, position >= goal { context.caughtUp.hasRead(name) }
                }
                return true
            }
            group.addTask {
                while !context.stopping.isSet {
                    if try await writer.writeSome() {
                        hasAdvanced.set()
                        continue
                    }
                    // Until here a member that joined lacked rows.
                    meter.isLevel(name)
                    context.caughtUp.hasWritten(name, upTo: await writer.applied, head: record.head)
                    try await context.waitForMore(than: await writer.applied)
                }
                return true
            }
            group.addTask {
                try await clock.watch()
                return false
            }
            group.addTask {
                try await context.stopping.wait()
                try await Task.sleep(for: Self.grace)
                return true
            }
            defer { group.cancelAll() }
            // When the group is to stop, the writer finishes the batch at hand; what was being read comes again.
            while try await group.next() == false {}
        }
        try await writer.settle()
        await writer.close()
    }

    /// Waits until the ledger has taken in all that the member has committed by now.
    private func hear() async throws {
        let goal = try await source.latest()
        while try await record.position(of: store.name).map({ $0 < goal }) ?? true {
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func close() async {
        await source.close()
        await target.close()
    }

    /// Sees to it that the member has the group's tables.
    ///
    /// - Returns: The tables as the member has them, by the group's numbers.
    private static func prepare(
        _ tables: [GroupTable],
        in target: any TargetSession,
        of store: MemberStore,
        _ context: GroupContext
    ) async throws -> [TableSchema] {
        var schemas: [TableSchema] = []
        for table in tables {
            if try await target.schema(of: table.schema.name) == nil {
                guard context.settings.createsMissing else {
                    throw StoreError(
                        .missingTable,
                        "member \(store.name) has no table \(table.schema.name); create it, or write `create: missing`"
                    )
                }
                // Noted before it is made: what fails in between is done again.
                try await context.record.sendAgain(table.number, to: store.name)
                try await target.create(table.schema)
                _ = try await target.finishLoad(of: table.schema)
                try await target.commit(nil, notes: [])
            }
            guard let schema = try await target.schema(of: table.schema.name) else {
                throw StoreError(.missingTable, "table \(table.schema.name) was made in \(store.name) and is not there")
            }
            _ = try TableBridge(table, member: schema, named: store.name)
            try Self.checkColumns(of: schema, table, store)
            let equality = KeyEquality(table.schema, seed: context.settings.seed, kinds: context.kinds)
            if let problem = equality.problem(with: try await target.keyCollations(of: schema.name)) {
                let message = "in member \(store.name) \(problem.message); \(problem.remedy)"
                throw StoreError(.incompatibleSchema, message, table: schema.name)
            }
            schemas.append(schema)
        }
        return schemas
    }

    /// - Throws: ``StoreError`` with code `incompatibleSchema` where the member lacks a column of the group.
    private static func checkColumns(of schema: TableSchema, _ table: GroupTable, _ store: MemberStore) throws {
        let missing = table.schema.columns.map(\.name).filter { schema.column(named: $0) == nil }
        guard !missing.isEmpty else { return }
        throw StoreError(
            .incompatibleSchema,
            "member \(store.name) has no column \(missing.joined(separator: ", ")), which the group has; add it there, and "
                + "the member goes on by itself",
            table: table.schema.name
        )
    }

    /// Compares what the member holds with what the group holds.
    private func join(_ tables: [GroupTable], _ schemas: [TableSchema]) async throws {
        let comparison = try await record.beginJoining(store.name, applied: applied)
        for (table, schema) in zip(tables, schemas) {
            var range = KeyRange.all
            var isEmpty = true
            while true {
                try Task.checkCancellation()
                let chunk = try await source.chunk(of: schema.name, in: range, limit: .mebibytes(2)).unpacked()
                if !chunk.rows.isEmpty { isEmpty = false }
                let bridge = try TableBridge(table, member: chunk.schema, named: store.name)
                try await record.compare(chunk.rows, by: bridge, comparison)
                context.options.observer?(.rowsCompared)
                guard !chunk.isLast else { break }
                range.lower = chunk.range.upper
            }
            if try await record.isMade(table.number, for: store.name) { continue }
            try await record.concludeComparison(of: table.number, isEmpty: isEmpty, comparison)
        }
        try await record.endJoining(store.name, comparison)
    }
}
