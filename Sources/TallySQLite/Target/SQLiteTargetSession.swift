import SQLite
import TallyModel
import Threading

/// An open target: one flow's connection to its file, on a thread of its own.
actor SQLiteTargetSession: TargetSession {
    private let thread = DatabaseThread(name: "tally-target")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let path: String
    private let flow: String
    private let runner: Runner
    private let log: WriteAheadLog
    /// `nil` after ``close()``.
    private var target: TargetConnection?
    private var storeID = ""
    private(set) var progress = FlowProgress()
    /// The place in a group's ledger that the open transaction was signed with.
    private var signature: Position? {
        didSet { if signature == nil { formerValues = FormerValues() } }
    }
    private var formerValues = FormerValues()
    /// Whether a column is the same is told by its name; ids and types do not matter to what is written.
    private var writers: [WriterKey: TableWriter] = [:]
    /// Those that each table has, for as long as ``writers`` hold.
    private var foreignKeys: [TableName: [ForeignKey]] = [:]

    /// Copies a long write-ahead log into the database once the commit that made it long has returned.
    private var shortening: Task<Void, Never>?

    private struct WriterKey: Hashable {
        let table: TableName
        let columns: [String]
        let key: [Int]
    }

    static func open(path: String, flow: String, runner: Runner, takeOver: Bool) async throws -> SQLiteTargetSession {
        let session = SQLiteTargetSession(path: path, flow: flow, runner: runner)
        try await session.claim(takeOver: takeOver)
        return session
    }

    private init(path: String, flow: String, runner: Runner) {
        self.path = path
        self.flow = flow
        self.runner = runner
        log = WriteAheadLog(ofFileAt: path)
    }

    private func claim(takeOver: Bool) throws {
        let target = try TargetConnection(path, flow: flow)
        let connection = target.connection
        do {
            _ = try target.begin()
            storeID = try StoreIdentity.ensure(in: connection)
            try CheckpointTable.create(in: connection)
            let claim = try CheckpointTable.claim(on: flow, in: connection)
            try claim?.yield(flow: flow, to: runner, takeOver: takeOver, path: path)
            try CheckpointTable.write(runner, for: flow, in: connection)
            progress = try CheckpointTable.progress(of: flow, in: connection) ?? FlowProgress()
            try target.commit()
        } catch {
            target.close()
            throw error
        }
        self.target = target
    }

    var identity: (id: String, label: String) { (storeID, path) }

    // MARK: Structure

    func schema(of table: TableName) throws -> TableSchema? {
        try Catalog.table(table.sqliteName, in: opened().connection)
    }

    func keyCollations(of table: TableName) throws -> [String: String] {
        let columns = try schema(of: table)?.keyColumns ?? []
        return Dictionary(
            columns.compactMap { column in column.collation.map { (column.name, "COLLATE \($0)") } }
        ) { first, _ in first }
    }

    func isEmpty(_ table: TableName) throws -> Bool {
        let connection = try opened().connection
        guard try Catalog.table(table.sqliteName, in: connection) != nil else {
            throw StoreError(.missingTable, "\(path) has no table \(table.sqliteName)", table: table)
        }
        let query = try connection.prepare("SELECT 1 FROM \(quoted(table.sqliteName)) LIMIT 1")
        return try !query.step()
    }

    func permitsFolding(_ table: TableName) throws -> Bool {
        let connection = try opened().connection
        return try Catalog.uniqueIndexes(of: table.sqliteName, in: connection).isEmpty
    }

    func create(_ schema: TableSchema) throws {
        try restructure(schema.name) { try TableStructure(of: schema.name, in: $0).create(schema) }
    }

    func alter(_ table: TableName, _ steps: [TableAlteration]) throws {
        try restructure(table) { connection in
            for step in steps { try TableStructure(of: table, in: connection).alter(step) }
        }
    }

    func finishLoad(of schema: TableSchema) throws -> [String] {
        guard TableStructure.hasIndexes(schema) else { return [] }
        try restructure(schema.name) { try TableStructure(of: schema.name, in: $0).makeIndexes(of: schema) }
        return []
    }

    private func restructure(_ table: TableName, _ body: (Connection) throws -> Void) throws {
        let target = try begun()
        foreignKeys.removeAll()
        let name = table.name.asciiFolded
        for key in writers.keys where key.table.name.utf8.count == name.utf8.count {
            if key.table.name.asciiFolded == name { writers[key] = nil }
        }
        try body(target.connection)
        try target.adoptOwnChange()
    }

    // MARK: Rows

    func apply(_ slice: Slice, replaying: Set<TableName>) throws -> ApplyOutcome {
        let target = try begun()
        if signature != nil {
            try formerValues.note(slice, by: foreignKeys(between: slice.tables), in: target.connection)
        }
        var outcome = ApplyOutcome()
        var ready = [TableWriter?](repeating: nil, count: slice.tables.count)
        let isReplaying = slice.tables.map { replaying.contains($0.name) }
        for index in slice.changes.indices {
            let place = slice.changes[index].table
            let writer: TableWriter
            if let known = ready[place] {
                writer = known
            } else {
                writer = try self.writer(for: slice.tables[place], target)
                ready[place] = writer
            }
            switch try writer.apply(slice.changes[index], isReplaying: isReplaying[place]) {
            case .done: break
            case .mended: outcome.mended += 1
            case .rejected(let reason): outcome.rejections.append(Rejection(index: index, reason: reason))
            }
        }
        return outcome
    }

    func violation(of index: Int, in slice: Slice) throws -> Violation? {
        let target = try begun()
        let change = slice.changes[index]
        let schema = slice.tables[change.table]
        return try writer(for: schema, target).violation(of: change, in: schema)
    }

    /// SQLite enforces no foreign keys here: ``TargetConnection`` tells it not to.
    func orphans(of slice: Slice) throws -> [Orphan] {
        let connection = try begun().connection
        let keys = try foreignKeys(between: slice.tables)
        guard !keys.isEmpty else { return [] }
        var search = OrphanSearch(slice, in: connection, former: formerValues)
        let result = try search.orphans(by: keys)
        formerValues = result.former
        return result.found
    }

    private func foreignKeys(between tables: [TableSchema]) throws -> [ForeignKey] {
        let connection = try begun().connection
        var keys: [ForeignKey] = []
        for schema in tables {
            if foreignKeys[schema.name] == nil {
                foreignKeys[schema.name] = try ForeignKey.all(of: schema.name, in: connection)
            }
            keys += foreignKeys[schema.name] ?? []
        }
        return keys.filter { key in tables.contains { $0.isTable(key.parent) } }
    }

    func load(_ chunk: Chunk, mode: LoadMode) throws -> ApplyOutcome {
        let target = try begun()
        return try writer(for: chunk.schema, target).load(chunk, mode: mode)
    }

    private func writer(for schema: TableSchema, _ target: TargetConnection) throws -> TableWriter {
        let key = WriterKey(table: schema.name, columns: schema.columns.map(\.name), key: schema.key)
        if let writer = writers[key] { return writer }
        try target.checkTriggers(of: schema.name)
        let writer = try TableWriter(schema, in: target.connection)
        if schema.hasImplicitKey { try TableStructure(of: schema.name, in: target.connection).keepRowIDs() }
        writers[key] = writer
        return writer
    }

    // MARK: Transactions

    func sign(_ place: Position) throws {
        let connection = try begun().connection
        guard try CaptureTables.exist(in: connection) else {
            throw StoreError(
                .historyLost,
                "\(path): capture for group \(flow) was removed from the file; Tally installs it again"
            )
        }
        try CaptureTables.sign(flow, nil, in: connection)
        signature = place
    }

    func commit(_ checkpoint: Checkpoint?, notes: [TableNote]) throws {
        let target = try begun()
        do {
            if let signature { try CaptureTables.sign(flow, signature, in: target.connection) }
            signature = nil
            try CheckpointTable.advance(flow, to: checkpoint, by: runner, in: target.connection)
            try CheckpointTable.write(notes, of: flow, in: target.connection)
        } catch {
            rollback()
            throw error
        }
        do {
            try target.commit()
        } catch {
            forgetStructure()
            throw error
        }
        guard target.isLogLong else { return }
        // One that has not come to its turn since the last commit must not fall behind for ever.
        if shortening != nil { return target.shortenLog() }
        // A job of its own: whoever waits for the commit goes on meanwhile, and the next call here comes after it.
        shortening = Task { shortenLog() }
    }

    private func shortenLog() {
        shortening = nil
        target?.shortenLog()
    }

    func rollback() {
        signature = nil
        forgetStructure()
        target?.rollback()
    }

    nonisolated func makeDurable() async throws {
        // Where there is no write-ahead log, a commit returns when it is durable.
        try await log.synchronize()
    }

    func close() {
        guard let target else { return }
        rollback()
        release(target)
        target.close()
        self.target = nil
    }

    private func release(_ target: TargetConnection) {
        do {
            try target.connection.transaction {
                try CheckpointTable.release(runner, from: flow, in: target.connection)
            }
        } catch {
            // The claim stays, and is void as soon as this process has ended: whoever comes next sees to that.
        }
    }

    /// The open connection, in a transaction.
    private func begun() throws -> TargetConnection {
        let target = try opened()
        if try target.begin() { forgetStructure() }
        return target
    }

    private func forgetStructure() {
        writers.removeAll()
        foreignKeys.removeAll()
    }

    private func opened() throws -> TargetConnection {
        guard let target else { throw StoreError(.unknown, "\(path): the target is closed") }
        return target
    }
}
