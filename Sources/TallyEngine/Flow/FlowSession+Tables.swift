import Logging
import TallyModel
import TallyTransform

/// Tables: taken up, followed through changes of structure, paused and resumed.
extension FlowSession {
    // MARK: At the start

    /// Brings what the target's notes, the ledger and the source say of each table together.
    ///
    /// - Parameter anew: What asks for all tables to be loaded, from the source as it is.
    func settleTables(anew: ResyncRequest?) async throws {
        let beginsAnew = anew != nil
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
        if let anew { try await forget(anew) }
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
        if beginsAnew || noted.phase == .dropped || noted.phase == .paused || noted.adopted.isAnother(than: schema)
            || noted.rule != context.transform(of: schema.name).fingerprint
        {
            try await begin(schema, again: true)
        } else if noted.adopted.version < schema.version || schema.unseenChange(since: noted.adopted) != nil {
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

    func pause(of table: TableName) async throws -> Pause? {
        try await context.ledger.pauses(of: context.name).first { $0.table == table }
    }

    func learnFolding(_ table: TableName) async throws {
        guard let state = tables[table] else { return }
        tables[table]?.permitsFolding = try await target.permitsFolding(state.target)
    }

    // MARK: Beginning a load

    /// Makes sure that the target has a table for the rows and begins to load them.
    ///
    /// - Parameter again: Whether the target's table is known to the flow, so that its rows are to be compared.
    func begin(_ schema: TableSchema, again: Bool = false) async throws {
        // The target may have been brought to a newer structure than the stream is at, before a restart.
        let former = tables[schema.name]?.progress?.adopted
        let partitions = schema.partitions
        var schema = former.flatMap { $0.version > schema.version ? $0 : nil } ?? schema
        schema.partitions = partitions
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
            var progress = TableProgress(
                loading: schema,
                ranges: ranges,
                total: total,
                mode: mode,
                rule: context.transform(of: schema.name).fingerprint,
                ignored: tables[schema.name]?.progress?.ignored ?? []
            )
            try await forgetLetters(of: schema.name)
            try await keepPartitions(in: &progress, since: former)
            try await target.commit(nil, notes: [try progress.note(for: schema.name)])
            tables[schema.name]?.progress = progress
            tables[schema.name]?.schema = schema
            tables[schema.name]?.target = route.output.name
            try await learnFolding(schema.name)
            show(schema.name)
            context.logger.info("load begins", metadata: ["table": "\(schema.name)", "rows": "\(progress.total ?? 0)"])
        } catch let error as StoreError where Disposition(for: error) == .pauseTable(schema.name) {
            await target.rollback()
            try await pause(schema.name, reason: reason(error, for: schema, since: former))
        }
    }

    /// Why a table has to stand still whose structure the target does not take, with what happened to it.
    func reason(_ error: StoreError, for schema: TableSchema, since former: TableSchema?) -> String {
        guard let former, former.isAnother(than: schema), error.code == .incompatibleSchema,
            let output = tables[schema.name]?.target
        else { return error.message }
        return
            "the source's table was dropped and made anew, or another one has its name, and the target's table \(output) "
            + "cannot be made like it (\(error.message)). Drop the target's table, or empty it, then `tally resume "
            + "\(context.name) \(schema.name)`"
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
        if try await target.isEmpty(output.name) { return .add }
        // With `existing: keep` the target has rows of its own, and they stay.
        if again { return context.settings.existing == .keep ? .add : .replace }
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
        let steps = missing.map { TableAlteration.add($0, from: output.definition) }
        try await relabelled(table) { try await target.alter(output.name, steps) }
    }

    /// Has errors about a table of the target speak of the source's table, which is what people pause and resume.
    func relabelled(_ table: TableName, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch var error as StoreError where error.table != nil || error.code == .incompatibleSchema {
            error.table = table
            throw error
        }
    }
}
