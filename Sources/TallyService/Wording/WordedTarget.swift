import TallyModel

struct WordedTarget: Target {
    let base: any Target
    let wording: Wording

    func catalog() async throws -> [TableSchema] { try await wording.wording { try await base.catalog() } }

    func inspect(_ tables: [TableSchema], create: Bool) async throws -> [Finding] {
        try await wording.wording { wording(try await base.inspect(tables, create: create)) }
    }

    func inspect(_ request: MemberRequest) async throws -> [Finding] {
        try await wording.wording { wording(try await base.inspect(request)) }
    }

    func clockOffset(from now: WallClock) async throws -> Duration? {
        try await wording.wording { try await base.clockOffset(from: now) }
    }

    func open(flow: String, runner: Runner, takeOver: Bool) async throws -> any TargetSession {
        try await wording.wording {
            let session = try await base.open(flow: flow, runner: runner, takeOver: takeOver)
            return WordedTargetSession(base: session, wording: wording)
        }
    }

    func progress(of flow: String) async throws -> FlowProgress? {
        try await wording.wording { try await base.progress(of: flow) }
    }

    func remove(flow: String) async throws { try await wording.wording { try await base.remove(flow: flow) } }
}

private struct WordedTargetSession: TargetSession {
    let base: any TargetSession
    let wording: Wording

    var identity: (id: String, label: String) {
        get async {
            let (id, label) = await base.identity
            return (id, wording.distinct(label))
        }
    }

    var progress: FlowProgress { get async { await base.progress } }

    func schema(of table: TableName) async throws -> TableSchema? {
        try await wording.wording { try await base.schema(of: table) }
    }

    func keyCollations(of table: TableName) async throws -> [String: String] {
        try await wording.wording { try await base.keyCollations(of: table) }
    }

    func isEmpty(_ table: TableName) async throws -> Bool {
        try await wording.wording { try await base.isEmpty(table) }
    }

    func permitsFolding(_ table: TableName) async throws -> Bool {
        try await wording.wording { try await base.permitsFolding(table) }
    }

    func create(_ schema: TableSchema) async throws { try await wording.wording { try await base.create(schema) } }

    func alter(_ table: TableName, _ steps: [TableAlteration]) async throws {
        try await wording.wording { try await base.alter(table, steps) }
    }

    func finishLoad(of schema: TableSchema) async throws -> [String] {
        try await wording.wording { try await base.finishLoad(of: schema) }
    }

    func apply(_ slice: Slice, replaying: Set<TableName>) async throws -> ApplyOutcome {
        try await wording.wording { try await base.apply(slice, replaying: replaying) }
    }

    func violation(of index: Int, in slice: Slice) async throws -> Violation? {
        try await wording.wording { try await base.violation(of: index, in: slice) }
    }

    func orphans(of slice: Slice) async throws -> [Orphan] {
        try await wording.wording { try await base.orphans(of: slice) }
    }

    func duplicates(of slice: Slice) async throws -> [Duplicate] {
        try await wording.wording { try await base.duplicates(of: slice) }
    }

    var enforcesForeignKeys: Bool { get async { await base.enforcesForeignKeys } }

    func sign(_ place: Position) async throws { try await wording.wording { try await base.sign(place) } }

    var packedForms: Set<String> { base.packedForms }

    func load(_ chunk: Chunk, mode: LoadMode) async throws -> ApplyOutcome {
        try await wording.wording { try await base.load(chunk, mode: mode) }
    }

    var loadsBeside: Bool { base.loadsBeside }

    func load(beside chunk: Chunk) async throws -> ApplyOutcome {
        try await wording.wording { try await base.load(beside: chunk) }
    }

    func commit(_ checkpoint: Checkpoint?, notes: [TableNote]) async throws {
        try await wording.wording { try await base.commit(checkpoint, notes: notes) }
    }

    func rollback() async { await base.rollback() }
    func makeDurable() async throws { try await wording.wording { try await base.makeDurable() } }
    func close() async { await base.close() }
}
