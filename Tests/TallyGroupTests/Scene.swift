import Foundation
import Logging
import TallyEngine
import TallyGroup
import TallyLedger
import TallyMerge
import TallyModel

/// A group of three with one table, `items(id, quantity, note)`, and a ledger in a folder of its own.
///
/// What members commit is taken in as the node would; no store is opened.
struct Scene {
    static let items = TableSchema(
        name: TableName("items"),
        columns: [
            Column(id: 1, name: "id", declaredType: "INTEGER", isNullable: false),
            Column(id: 2, name: "quantity", declaredType: "INTEGER"),
            Column(id: 3, name: "note", declaredType: "TEXT"),
        ],
        key: [0]
    )

    let settings: GroupSettings
    let path: String

    /// Where all scenes of the process are; removed with it, since an archive may outlive its scene.
    private static let folder: URL = {
        atexit {
            // A leftover in the system's temporary folder is no reason to fail.
            try? FileManager.default.removeItem(at: Scene.folder)
        }
        return FileManager.default.temporaryDirectory.appending(path: "tally-\(UUID().uuidString.prefix(8))")
    }()

    init(_ columns: [String: PolicySetting] = [:], delete: DeletePolicy = .latest) throws {
        let table = GroupTableSettings(name: TableName("items"), columns: columns, delete: delete)
        settings = GroupSettings(name: "carts", members: ["eu", "us", "edge"], seed: "eu", tables: [table])
        path = Self.folder.path + "/\(UUID().uuidString.prefix(8))/carts.db"
        let ledger = try GroupLedger(path: path, group: "carts")
        defer { ledger.close() }
        try ledger.writing {
            try ledger.nameMembers(settings.members)
            try ledger.save(Self.items, number: 0)
        }
    }

    static func row(_ id: Int64) -> RowID { RowID(table: 0, key: KeyCoding.encode(Row([.integer(id)]))) }

    // MARK: What members do

    /// A member sets columns of row 1, having seen the ledger up to `base`.
    @discardableResult
    func put(
        _ member: String,
        seen base: UInt64,
        at second: Int64,
        quantity: Value? = nil,
        note: Value? = nil,
        id: Value? = nil
    ) throws -> UInt64 {
        try take(member, base, second, .put(Self.row(1), Row([id, quantity, note]), time: nil))
    }

    @discardableResult
    func delete(_ member: String, seen base: UInt64, at second: Int64) throws -> UInt64 {
        try take(member, base, second, .delete(Self.row(1), time: nil))
    }

    private func take(_ member: String, _ base: UInt64, _ second: Int64, _ change: RowChange) throws -> UInt64 {
        let ledger = try GroupLedger(path: path, group: "carts")
        defer { ledger.close() }
        let members = try ledger.members()
        let actors = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.actor) })
        let (head, clocks) = try ledger.head()
        var merger = Merger(tables: [merge(actors)], head: head, clocks: clocks, expressions: NoExpressions())
        return try ledger.writing {
            var memory = ledger
            let transaction = CapturedTransaction(
                author: actors[member]!,
                base: base,
                committed: Self.time(second),
                received: Self.time(second),
                changes: [change]
            )
            let mark = ledger.versionMark
            let entry = try merger.take(transaction, into: &memory)
            let rules = merger.tables.map(\.rules)
            try WaitingConflicts(in: ledger, rules: rules, expressions: NoExpressions()).supersede(writtenSince: mark)
            return entry?.sequence ?? head.sequence
        }
    }

    private func merge(_ actors: [String: Actor]) -> MergeTable {
        let policies = Self.items.columns.map { column -> ColumnPolicy in
            switch settings.tables[0].columns[column.name] {
            case .policy(let policy): policy
            case .prefer(let names): .prefer(names.compactMap { actors[$0] })
            case nil: .latest
            }
        }
        return MergeTable(
            rules: MergeRules(columns: policies, delete: settings.tables[0].delete),
            kinds: [.exact, .exact, .exact]
        )
    }

    static func time(_ second: Int64) -> Timestamp { Timestamp(microseconds: second * 1_000_000) }

    // MARK: What people do

    func group(now second: Int64 = 1000) -> Group {
        Group(
            settings,
            members: [],
            ledgerPath: path,
            expressions: NoExpressions(),
            runner: Runner(id: "1", host: "here", processID: 1, processStart: ""),
            options: FlowOptions(now: { Scene.time(second) }, logger: Logger(label: "test"))
        )
    }

    var archive: GroupArchive { GroupArchive(settings, ledgerPath: path, expressions: NoExpressions()) }

    // MARK: What came of it

    /// Row 1 as the group has it.
    func row() async throws -> Row? { try await archive.history(of: "items", key: "1").versions.last?.row }

    /// Every conflict's state, by id.
    func states() async throws -> [ConflictRecord.State] {
        try await archive.conflicts(ConflictQuery()).map(\.record.state)
    }
}

/// No policy of these tests is SQL.
struct NoExpressions: MergeExpressions {
    struct Unexpected: Error {}

    func value(of expression: String, base: Value?, current: Value, incoming: Value) throws -> Value {
        throw Unexpected()
    }
}
