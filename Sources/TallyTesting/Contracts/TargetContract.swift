package import TallyModel

/// What every ``Target`` does, rule by rule: the runnable form of its protocol's doc comments.
///
/// A store runs all of ``Rule`` in its own tests. Rows are read back by a client of the store's own, not by the target.
package struct TargetContract: Sendable {
    package enum Rule: String, Sendable, CaseIterable {
        case makesTables, changesStructure, finishesLoads
        case appliesInOrder, appliesTwiceAsOnce, movesKeys, truncates, leavesAbsentValues
        case countsMended, countsNothingWhileReplaying, rejectsOneRowAlone, tellsViolations
        case addsRows, addsRowsBeside, replacesRanges, sweepsRanges
        case showsNothingBeforeTheCommit, rollsBack, keepsCheckpointAndNotes, isDurable
        case refusesSecondRunners, fencesFormerRunners, letsGoWhenClosed, forgetsRemovedFlows
    }

    private let target: any Target
    private let newRunner: @Sendable () -> Runner
    private let makeUnique: @Sendable (TableName, _ column: String) async throws -> Void
    private let read: @Sendable (TableName) async throws -> [Row]

    /// - Parameters:
    ///   - target: Empty.
    ///   - newRunner: A runner of this very process, under a new id each time.
    ///   - makeUnique: Sees to it that the store refuses two rows of a table with the same value in a column.
    ///   - read: All rows of a table by its key, and their columns as the table has them.
    package init(
        _ target: any Target,
        newRunner: @escaping @Sendable () -> Runner,
        makeUnique: @escaping @Sendable (TableName, _ column: String) async throws -> Void,
        read: @escaping @Sendable (TableName) async throws -> [Row]
    ) {
        self.target = target
        self.newRunner = newRunner
        self.makeUnique = makeUnique
        self.read = read
    }

    /// - Throws: ``ContractBroken`` with what the target did instead.
    package func check(_ rule: Rule) async throws {
        switch rule {
        case .makesTables: try await makesTables()
        case .changesStructure: try await changesStructure()
        case .finishesLoads: try await finishesLoads()
        case .appliesInOrder: try await appliesInOrder()
        case .appliesTwiceAsOnce: try await appliesTwiceAsOnce()
        case .movesKeys: try await movesKeys()
        case .truncates: try await truncates()
        case .leavesAbsentValues: try await leavesAbsentValues()
        case .countsMended: try await countsMended()
        case .countsNothingWhileReplaying: try await countsNothingWhileReplaying()
        case .rejectsOneRowAlone: try await rejectsOneRowAlone()
        case .tellsViolations: try await tellsViolations()
        case .addsRows: try await addsRows()
        case .addsRowsBeside: try await addsRowsBeside()
        case .replacesRanges: try await replacesRanges()
        case .sweepsRanges: try await sweepsRanges()
        case .showsNothingBeforeTheCommit: try await showsNothingBeforeTheCommit()
        case .rollsBack: try await rollsBack()
        case .keepsCheckpointAndNotes: try await keepsCheckpointAndNotes()
        case .isDurable: try await isDurable()
        case .refusesSecondRunners: try await refusesSecondRunners()
        case .fencesFormerRunners: try await fencesFormerRunners()
        case .letsGoWhenClosed: try await letsGoWhenClosed()
        case .forgetsRemovedFlows: try await forgetsRemovedFlows()
        }
    }

    // MARK: Tools

    static let flow = "contract"

    func open(_ runner: Runner? = nil, takeOver: Bool = false) async throws -> any TargetSession {
        try await target.open(flow: Self.flow, runner: runner ?? newRunner(), takeOver: takeOver)
    }

    /// A session with the table, which holds these rows.
    func opened(_ rows: Row...) async throws -> any TargetSession {
        let session = try await open()
        try await session.create(Thing.schema)
        _ = try await session.finishLoad(of: Thing.schema)
        if !rows.isEmpty { _ = try await session.load(Self.chunk(rows), mode: .add) }
        try await session.commit(nil, notes: [])
        return session
    }

    /// Insists on what the table holds, commits and closes first.
    func insistRows(_ expected: Row..., after session: any TargetSession) async throws {
        try await session.commit(nil, notes: [])
        await session.close()
        try insist(try await read(Thing.name), is: expected, "the rows")
    }

    func makeUnique(_ column: String) async throws { try await makeUnique(Thing.name, column) }

    func rows() async throws -> [Row] { try await read(Thing.name) }

    func progress() async throws -> FlowProgress? { try await target.progress(of: Self.flow) }

    func remove() async throws { try await target.remove(flow: Self.flow) }

    func runner() -> Runner { newRunner() }

    func tables() async throws -> [TableSchema] { try await target.catalog() }

    static func slice(_ changes: [Change]) -> Slice {
        Slice(
            tables: [Thing.schema],
            changes: changes,
            end: Commit(position: Position(order: 1)),
            byteCount: changes.reduce(0) { $0 + $1.byteCount }
        )
    }

    static func chunk(_ rows: [Row], _ range: KeyRange = .all, isLast: Bool = true) -> Chunk {
        let size = rows.reduce(0) { $0 + $1.byteCount }
        return Chunk(
            schema: Thing.schema,
            rows: rows,
            range: range,
            isLast: isLast,
            asOf: Position(order: 1),
            byteCount: size
        )
    }

    static func insert(_ row: Row) -> Change { Change(.insert, table: 0, row: row) }
    static func update(_ row: Row, from former: Row? = nil) -> Change {
        Change(.update, table: 0, row: row, formerKey: former)
    }
    static func delete(_ id: Int64) -> Change { Change(.delete, table: 0, row: Row([.integer(id), nil, nil])) }
}

extension TargetSession {
    func apply(_ changes: Change..., replaying: Bool = false) async throws -> ApplyOutcome {
        try await apply(TargetContract.slice(changes), replaying: replaying ? [Thing.name] : [])
    }
}
