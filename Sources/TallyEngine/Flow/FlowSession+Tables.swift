import Logging
import TallyModel
import TallyTransform

/// Tables: taken up, followed through changes of structure, paused and resumed.
extension FlowSession {
    // MARK: At the start

    /// Brings what the target's notes, the ledger and the source say of each table together.
    func settleTables(beginsAnew: Bool) async throws {
        let held = await target.progress
        var notes: [TableName: TableProgress] = [:]
        for note in held.notes { notes[note.table] = try TableProgress(note) }
        if held.checkpoint == nil || beginsAnew {
            // First of all: from here on every change is in the stream, whatever is loaded and when. Nothing that was
            // loaded before is right at the new position.
            notes = notes.mapValues(\.paused)
            let stale = try notes.map { try $1.note(for: $0) }
            try await target.commit(Checkpoint(sourceID: sourceID, position: checkpoint), notes: stale)
        }
        let schemas = await source.tables
        for schema in schemas { try await settle(schema, noted: notes[schema.name], beginsAnew: beginsAnew) }
        try await noteThoseLeftOut(notes, selected: Set(schemas.map(\.name)))
        if beginsAnew { try await forgetRequest(nil) }
        showTables()
        showLetters()
        _ = try await reconsider()
        try await settleLoads()
    }

    private func settle(_ schema: TableSchema, noted: TableProgress?, beginsAnew: Bool) async throws {
        let output = context.transform(of: schema.name).table.map { TableName($0) } ?? schema.name
        tables[schema.name] = TableState(progress: noted, schema: schema, target: output)
        if let pause = try await pause(of: schema.name) {
            // Changes go by from here on, so the note must say so, whoever paused the table and when.
            return try await stand(schema.name, reason: pause.reason)
        }
        guard let noted else { return try await begin(schema) }
        if beginsAnew || noted.phase == .dropped || noted.phase == .paused
            || noted.rule != context.transform(of: schema.name).fingerprint {
            try await begin(schema, again: true)
        } else if noted.adopted.version < schema.version {
            try await adopt(schema)
        }
        try await learnFolding(schema.name)
    }

    /// A table that is no longer selected goes stale: if it is selected again, it has to be loaded again.
    private func noteThoseLeftOut(_ notes: [TableName: TableProgress], selected: Set<TableName>) async throws {
        let stale = try notes.compactMap { name, progress -> TableNote? in
            guard !selected.contains(name), progress.phase != .paused, progress.phase != .dropped else { return nil }
            return try progress.paused.note(for: name)
        }
        if !stale.isEmpty { try await target.commit(nil, notes: stale) }
        for (name, progress) in notes where !selected.contains(name) { retired[name] = progress.paused }
    }

    private func pause(of table: TableName) async throws -> Pause? {
        try await context.ledger.pauses(of: context.name).first { $0.table == table }
    }

    private func learnFolding(_ table: TableName) async throws {
        guard let state = tables[table] else { return }
        tables[table]?.permitsFolding = try await target.permitsFolding(state.target)
    }

    // MARK: Beginning a load

    /// Makes sure that the target has a table for the rows and begins to load them.
    ///
    /// - Parameter again: Whether the target's table is known to the flow, so that its rows are to be compared.
    func begin(_ schema: TableSchema, again: Bool = false) async throws {
        do {
            let state = TableState(schema: schema, target: schema.name)
            tables[schema.name] = tables[schema.name] ?? state
            dropRoutes(of: schema.name)
            let source = source
            let size = try await Self.ifPresent(schema.name) {
                (try await source.ranges(of: schema), try await source.rowCount(of: schema))
            }
            guard let (ranges, total) = size else { return try await lose(schema.name) }
            if let adopted = tables[schema.name]?.progress?.adopted, adopted.version < schema.version {
                try await adopt(schema, heedsPause: false)
                if tables[schema.name]?.isPaused == true { return }
            }
            let route = try Route(
                schema,
                adopted: schema,
                ignored: tables[schema.name]?.progress?.ignored ?? [],
                settings: context.transform(of: schema.name)
            )
            try refuseSharing(route.output.name, by: schema.name)
            let mode = try await prepareTarget(for: route.output, of: schema.name, again: again)
            let progress = TableProgress(
                loading: schema,
                ranges: ranges,
                total: total,
                mode: mode,
                rule: context.transform(of: schema.name).fingerprint,
                ignored: tables[schema.name]?.progress?.ignored ?? []
            )
            try await forgetLetters(of: schema.name)
            try await target.commit(nil, notes: [try progress.note(for: schema.name)])
            tables[schema.name]?.progress = progress
            tables[schema.name]?.schema = schema
            tables[schema.name]?.target = route.output.name
            try await learnFolding(schema.name)
            show(schema.name)
            context.logger.info("load begins", metadata: ["table": "\(schema.name)", "rows": "\(progress.total ?? 0)"])
        } catch let error as StoreError where Disposition(for: error) == .pauseTable(schema.name) {
            await target.rollback()
            try await pause(schema.name, reason: error.message)
        }
    }

    private func refuseSharing(_ output: TableName, by table: TableName) throws {
        let other = tables.first { $0.key != table && $0.value.target == output && $0.value.progress != nil }
        guard let other else { return }
        throw StoreError(
            .incompatibleSchema,
            "table \(other.key) of this flow is written to \(output) as well; give one of them another name with "
                + "`transform: {\(table): {table: NAME}}`, then `tally resume \(context.name) \(table)`",
            table: table
        )
    }

    private func prepareTarget(
        for output: TableSchema,
        of table: TableName,
        again: Bool
    ) async throws -> TableProgress.Mode {
        guard let existing = try await target.schema(of: output.name) else {
            guard context.settings.createsMissing else {
                throw StoreError(
                    .missingTable,
                    "the target has no table \(output.name), and `create: never` is set; create it, then "
                        + "`tally resume \(context.name) \(table)`",
                    table: table
                )
            }
            try await relabelled(table) { try await target.create(output) }
            return .add
        }
        try await addMissing(output, to: existing, of: table)
        // With `existing: keep` the target has rows of its own, and they stay.
        if again { return context.settings.existing == .keep ? .add : .replace }
        if try await target.isEmpty(output.name) { return .add }
        switch context.settings.existing {
        case .keep: return .add
        case .replace: return .replace
        case .refuse:
            throw StoreError(
                .incompatibleSchema,
                "the target's table \(output.name) already holds rows that this flow did not write. Set `existing: "
                    + "replace` to make it equal to the source (rows that the source lacks are deleted) or `existing: "
                    + "keep` to leave other rows alone, then `tally resume \(context.name) \(table)`",
                table: table
            )
        }
    }

    /// Adds the columns that the target's table lacks, where the rules let columns be added.
    private func addMissing(_ output: TableSchema, to existing: TableSchema, of table: TableName) async throws {
        let missing = output.columns.filter { existing.column(named: $0.name) == nil && !$0.isHidden }
        guard !missing.isEmpty else { return }
        guard context.settings.schemaRules.added == .follow, context.settings.createsMissing else {
            let names = missing.map(\.name).joined(separator: ", ")
            throw StoreError(
                .incompatibleSchema,
                "the target's table \(output.name) has no column \(names); add it there or `drop` it in the transform, "
                    + "then `tally resume \(context.name) \(table)`",
                table: table
            )
        }
        try await relabelled(table) { try await target.alter(output.name, missing.map(TableAlteration.add)) }
    }

    /// Has errors about a table of the target speak of the source's table, which is what people pause and resume.
    private func relabelled(_ table: TableName, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch var error as StoreError where error.table != nil || error.code == .incompatibleSchema {
            error.table = table
            throw error
        }
    }

    // MARK: Changes of structure

    func follow(_ change: SchemaChange) async throws {
        let name = change.table
        context.logger.info("structure changed", metadata: ["table": "\(name)", "change": "\(change.summary)"])
        switch change {
        case .created(let schema):
            if tables[name] == nil { try await add(schema) }
            tables[name]?.schema = schema
            if tables[name]?.isPaused != true { try await begin(schema, again: tables[name]?.progress != nil) }
        case .altered(_, let schema):
            tables[name]?.schema = schema
            guard let state = tables[name], state.isFollowed else { return }
            if let adopted = state.progress?.adopted, adopted.version < schema.version { try await adopt(schema) }
        case .dropped:
            try await note(name) { $0.phase = .dropped }
            show(name)
        case .invalidated(let schema, let reason):
            tables[name]?.schema = schema
            guard let state = tables[name], state.isFollowed else { return }
            context.logger.warning("table is loaded again", metadata: ["table": "\(name)", "reason": "\(reason)"])
            try await begin(schema, again: state.progress != nil)
        }
    }

    /// Brings the target's table to a newer structure, as far as the rules say so.
    ///
    /// - Parameter heedsPause: Whether a rule that says pause is heeded; not when a person has just resumed the table.
    func adopt(_ schema: TableSchema, heedsPause: Bool = true) async throws {
        guard let state = tables[schema.name], var progress = state.progress else { return }
        let plan = Adoption(from: progress.adopted, to: schema, rules: context.settings.schemaRules)
        do {
            if heedsPause, let reason = plan.pauseReason(flow: context.name) {
                throw StoreError(.incompatibleSchema, reason, table: schema.name)
            }
            progress.ignored.formUnion(plan.ignored)
            progress.adopted = schema
            let route = try Route(
                schema,
                adopted: schema,
                ignored: progress.ignored,
                settings: context.transform(of: schema.name)
            )
            if let existing = try await target.schema(of: state.target) {
                let steps = plan.steps(for: route.output, existing: existing, previous: try previousOutput(of: schema.name))
                if !steps.isEmpty {
                    try await relabelled(schema.name) { try await target.alter(state.target, steps) }
                }
            }
            try await target.commit(nil, notes: [try progress.note(for: schema.name)])
            tables[schema.name]?.progress = progress
            tables[schema.name]?.schema = schema
            dropRoutes(of: schema.name)
        } catch let error as StoreError where Disposition(for: error) == .pauseTable(schema.name) {
            await target.rollback()
            try await pause(schema.name, reason: error.message)
        }
    }

    private func previousOutput(of table: TableName) throws -> TableSchema? {
        guard let progress = tables[table]?.progress else { return nil }
        return try Route(
            progress.adopted,
            adopted: progress.adopted,
            ignored: progress.ignored,
            settings: context.transform(of: table)
        ).output
    }

    private func dropRoutes(of table: TableName) {
        routes = routes.filter { $0.key.table != table }
    }

    // MARK: What people ask for

    /// Reads the ledger for what people asked for and does it; never inside a batch.
    func reconsider() async throws -> Ending? {
        let pauses = try await context.ledger.pauses(of: context.name)
        if pauses.contains(where: { $0.table == nil }) { return .reopen }
        for (name, state) in tables.sorted(by: { $0.key < $1.key }) {
            let pause = pauses.first { $0.table == name }
            if let pause, !state.isPaused {
                try await stand(name, reason: pause.reason)
            } else if pause == nil, state.isPaused {
                tables[name]?.isPaused = false
                // Changes went by meanwhile: the table is compared, and only what differs is written.
                try await begin(state.schema, again: state.progress != nil)
            } else if let pause {
                show(name, message: pause.reason)
            }
        }
        for request in try await context.ledger.resyncRequests(of: context.name) {
            guard let name = request else { return .reopen }
            if let state = tables[name], !state.isPaused { try await begin(state.schema, again: true) }
            try await forgetRequest(name)
        }
        return nil
    }

    /// Forgets what a person asked for, once a loss of power could not take back its beginning.
    private func forgetRequest(_ table: TableName?) async throws {
        try await target.makeDurable()
        try await context.ledger.resyncBegan(flow: context.name, table: table)
    }

    /// Pauses a table that is in the way of the others.
    private func pause(_ table: TableName, reason: String) async throws {
        // Throws when another runner has the flow: then the reason is that, and nothing is wrong with the table.
        try await target.commit(nil, notes: [])
        context.logger.error("table paused", metadata: ["table": "\(table)", "reason": "\(reason)"])
        try await context.ledger.pause(
            Pause(table: table, reason: reason, since: context.options.now()),
            flow: context.name
        )
        try await stand(table, reason: reason)
    }

    private func stand(_ table: TableName, reason: String?) async throws {
        tables[table]?.isPaused = true
        if tables[table]?.progress?.phase != .paused { try await note(table) { $0.phase = .paused } }
        show(table, message: reason)
    }

    private func note(_ table: TableName, _ change: (inout TableProgress) -> Void) async throws {
        guard var progress = tables[table]?.progress else { return }
        change(&progress)
        try await target.commit(nil, notes: [try progress.note(for: table)])
        tables[table]?.progress = progress
    }

    // MARK: Showing

    private func showTables() {
        let rows = tables.sorted { $0.key < $1.key }.map { name, state in
            TableStatus(table: name.description, target: state.target.description, phase: .waiting)
        }
        context.meter.update { status in
            let earlier = Dictionary(uniqueKeysWithValues: status.tables.map { ($0.table, $0) })
            status.tables = rows.map { earlier[$0.table] ?? $0 }
        }
        for name in tables.keys { show(name) }
    }

    /// Takes up a table that the source did not have before; the target may know it from earlier.
    private func add(_ schema: TableSchema) async throws {
        let output = context.transform(of: schema.name).table.map { TableName($0) } ?? schema.name
        tables[schema.name] = TableState(progress: retired[schema.name], schema: schema, target: output)
        if let pause = try await pause(of: schema.name) { try await stand(schema.name, reason: pause.reason) }
        showTables()
    }

    // MARK: Tables that are gone

    /// Asks the source about one of its tables.
    ///
    /// - Returns: `nil` when the table is gone meanwhile, which the stream is going to say in its place.
    static func ifPresent<Result>(_ table: TableName, _ ask: () async throws -> Result) async throws -> Result? {
        do {
            return try await ask()
        } catch let error as StoreError where error.code == .missingTable && error.table == table {
            return nil
        }
    }

    /// Gives up the load of a table that the source no longer has.
    func lose(_ table: TableName) async throws {
        sweeps[table] = nil
        try await note(table) { $0.phase = .dropped }
        show(table)
    }

    func show(_ table: TableName, message: String? = nil) {
        guard let state = tables[table] else { return }
        context.meter.table(table) { status in
            status.target = state.target.description
            status.phase = state.statusPhase
            status.message = state.isPaused ? message ?? status.message : message
            status.rowsLoaded = state.progress?.rows ?? 0
            status.rowsTotal = state.progress?.total
        }
    }
}

extension TableState {
    fileprivate var statusPhase: TableStatus.Phase { isPaused ? .paused : progress?.statusPhase ?? .waiting }
}

extension SchemaChange {
    fileprivate var summary: String {
        switch self {
        case .created: "created"
        case .altered(let old, let new):
            Adoption(from: old, to: new, rules: SchemaRules()).summary
        case .dropped: "dropped"
        case .invalidated(_, let reason): reason
        }
    }
}
