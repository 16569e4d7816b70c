import Logging
import TallyModel
import TallyTransform

/// Tables that come, change and go while the stream runs.
extension FlowSession {
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
            let former = progress.adopted
            progress.adopted = schema
            try await keepPartitions(in: &progress, since: former)
            let route = try Route(
                schema,
                adopted: schema,
                ignored: progress.ignored,
                settings: context.transform(of: schema.name)
            )
            var comparesRows = plan.changesRows
            if let existing = try await target.schema(of: state.target) {
                if plan.inheritsValues(route.output, existing: existing) { comparesRows = true }
                let steps = plan.steps(
                    for: route.output,
                    existing: existing,
                    previous: try previousOutput(of: schema.name)
                )
                if !steps.isEmpty {
                    try await relabelled(schema.name) { try await target.alter(state.target, steps) }
                }
            }
            let noted = comparesRows ? progress.paused : progress
            try await target.commit(nil, notes: [try noted.note(for: schema.name)])
            tables[schema.name]?.progress = progress
            tables[schema.name]?.schema = schema
            dropRoutes(of: schema.name)
            if comparesRows { try await begin(schema, again: true) }
        } catch let error as StoreError where Disposition(for: error) == .pauseTable(schema.name) {
            await target.rollback()
            try await pause(schema.name, reason: reason(error, for: schema, since: state.progress?.adopted))
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

    func dropRoutes(of table: TableName) {
        routes = routes.filter { $0.key.table != table }
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
