import TallyModel
import Threading

/// An open target: one flow's connection to its database, on a thread of its own.
actor PostgresTargetSession: TargetSession {
    private let thread = DatabaseThread(name: "tally-target")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let options: ConnectionOptions
    private let flow: String
    private let runner: Runner
    private nonisolated let interrupter = Interrupter()
    private nonisolated let marks: SequenceMarks
    private nonisolated let durability: DurableWriter
    private nonisolated let lanes: LoadLanes
    private var claim: RunnerClaim
    /// `nil` after ``close()``.
    private var target: TargetConnection?
    private var storeID = ""
    private(set) var progress = FlowProgress()
    /// Whether a column is the same is told by its name; ids and types do not matter to what is written.
    private var writers: [WriterKey: TableWriter] = [:]
    /// Whether the open transaction is a group's own.
    private var isSigned = false
    private var formerValues = FormerValues()

    private struct WriterKey: Hashable {
        let table: TableName
        let columns: [String]
        let key: [Int]
    }

    static func open(
        _ options: ConnectionOptions,
        flow: String,
        runner: Runner,
        takeOver: Bool
    ) async throws -> PostgresTargetSession {
        let session = PostgresTargetSession(options, flow: flow, runner: runner)
        do {
            try await session.durability.open()
            try await session.take(takeOver: takeOver)
        } catch {
            await session.durability.close()
            throw error
        }
        return session
    }

    private init(_ options: ConnectionOptions, flow: String, runner: Runner) {
        self.options = options
        self.flow = flow
        self.runner = runner
        claim = RunnerClaim(flow: flow, runner: runner)
        marks = SequenceMarks()
        durability = DurableWriter(options, flow: flow, marks: marks)
        lanes = LoadLanes(options, flow: flow, runner: runner, marks: marks)
    }

    private func take(takeOver: Bool) async throws {
        try await interruptible { this in
            let target = try TargetConnection(this.options, flow: this.flow, interrupter: this.interrupter)
            let connection = target.connection
            do {
                try connection.execute("BEGIN")
                try CheckpointTable.takeTurn(in: connection)
                try CheckpointTable.create(in: connection)
                this.storeID = try CheckpointTable.ensureIdentity(in: connection)
                try this.claim.take(in: connection, takeOver: takeOver)
                this.progress = try CheckpointTable.progress(of: this.flow, in: connection) ?? FlowProgress()
                try connection.execute("COMMIT")
            } catch {
                target.close()
                throw error
            }
            this.target = target
        }
    }

    var identity: (id: String, label: String) { (storeID, options.label) }

    // MARK: Structure

    func schema(of table: TableName) async throws -> TableSchema? {
        try await interruptible { this in
            try PostgresCatalog.table(named: table, in: this.opened().ready())?.schema
        }
    }

    func keyCollations(of table: TableName) async throws -> [String: String] {
        try await interruptible { this in
            let target = try this.opened()
            guard let schema = try PostgresCatalog.table(named: table, in: target.ready())?.schema else { return [:] }
            return try KeyEquality.collations(of: schema, in: target.ready())
        }
    }

    func isEmpty(_ table: TableName) async throws -> Bool {
        try await interruptible { this in
            let target = try this.opened()
            let table = try this.existing(table, target).table
            return try target.ready().execute("SELECT FROM \(table.rowsSQL) LIMIT 1").rowCount == 0
        }
    }

    func permitsFolding(_ table: TableName) async throws -> Bool {
        try await interruptible { this in
            let target = try this.opened()
            guard !target.firesTriggers else { return false }
            return try this.existing(table, target).constraintCount <= 1
        }
    }

    func create(_ schema: TableSchema) async throws {
        try await interruptible { this in
            try this.restructuring(schema.name) { try TableMaker(schema.name, in: $0).create(schema) }
        }
    }

    func alter(_ table: TableName, _ steps: [TableAlteration]) async throws {
        try await interruptible { this in
            try this.restructuring(table) { try TableMaker(table, in: $0).alter(steps) }
        }
    }

    func finishLoad(of schema: TableSchema) async throws -> [String] {
        try await interruptible { this in
            let target = try this.begun()
            let numbers = try this.writer(for: schema, target).highestNumbers(in: target)
            let leftOut = try this.restructuring(schema.name) { connection in
                try TableMaker(schema.name, in: connection).finishLoad(of: schema)
            }
            this.marks.add(numbers)
            return leftOut
        }
    }

    private func restructuring<Result>(
        _ table: TableName,
        _ body: (PostgresConnection) throws -> Result
    ) throws -> Result {
        let target = try begun()
        writers.removeAll()
        do {
            let result = try body(target.ready())
            target.keep()
            return result
        } catch var error as StoreError where error.table == nil {
            error.table = table
            throw error
        }
    }

    private func existing(_ table: TableName, _ target: TargetConnection) throws -> TargetTable {
        if let known = writers.first(where: { $0.key.table == table })?.value.target { return known }
        if let found = try TargetTableReader(target.ready()).table(table) { return found }
        throw StoreError(
            .missingTable,
            "\(options.label) has no table \(table), or none whose rows a key tells apart; create it, or let Tally "
                + "create it (`create: missing`)",
            table: table
        )
    }

    // MARK: Rows

    func apply(_ slice: Slice, replaying: Set<TableName>) async throws -> ApplyOutcome {
        try await interruptible { this in
            var outcome = ApplyOutcome()
            var first = 0
            for part in slice.partsWithEachTableOnce() {
                let done = try this.applyNow(part, replaying: replaying)
                outcome.mended += done.mended
                outcome.rejections += done.rejections.map { Rejection(index: $0.index + first, reason: $0.reason) }
                first += part.changes.count
            }
            return outcome
        }
    }

    private func applyNow(_ slice: Slice, replaying: Set<TableName>) throws -> ApplyOutcome {
        let target = try begun()
        // Where the server looks at foreign keys itself nobody asks for orphans, as in flows.
        if isSigned, !target.firesTriggers {
            try formerValues.note(slice, in: target, writers(for: slice, target))
        }
        target.protect()
        var writer = try SliceWriter(slice, to: target, writers(for: slice, target), replaying: replaying)
        do {
            try writer.writePromptly()
        } catch is SliceWriter.Surprise {
            try target.undo()
            try writer.writeCarefully()
        } catch let error as StoreError where target.connection.isOpen && error.speaksOfTables {
            try target.undo()
            // The user may have changed the table since it was looked at.
            if !error.isAboutRows {
                writers.removeAll()
                writer = try SliceWriter(slice, to: target, writers(for: slice, target), replaying: replaying)
            }
            try writer.writeCarefully()
        }
        target.keep()
        return writer.outcome
    }

    func violation(of index: Int, in slice: Slice) async throws -> Violation? {
        try await interruptible { this in
            let target = try this.begun()
            let change = slice.changes[index]
            let writer = try this.writer(for: slice.tables[change.table], target)
            return try ViolationProbe(target: target, writer: writer).violation(of: change)
        }
    }

    func orphans(of slice: Slice) async throws -> [Orphan] {
        try await interruptible { this in
            let target = try this.begun()
            if target.firesTriggers { return [] }
            let writers = try this.writers(for: slice, target)
            var search = OrphanSearch(slice, in: target, writers, former: this.formerValues)
            let result = try search.orphans()
            this.formerValues = result.former
            return result.found
        }
    }

    func duplicates(of slice: Slice) async throws -> [Duplicate] {
        try await interruptible { this in
            let target = try this.begun()
            if target.firesTriggers { return [] }
            return try DuplicateSearch(slice, in: target, try this.writers(for: slice, target)).duplicates()
        }
    }

    private func writers(for slice: Slice, _ target: TargetConnection) throws -> [TableWriter?] {
        var isUsed = [Bool](repeating: false, count: slice.tables.count)
        for change in slice.changes { isUsed[change.table] = true }
        return try slice.tables.indices.map { isUsed[$0] ? try writer(for: slice.tables[$0], target) : nil }
    }

    nonisolated var packedForms: Set<String> { [PackedLayout.binaryForm, PackedLayout.textForm] }

    func load(_ chunk: Chunk, mode: LoadMode) async throws -> ApplyOutcome {
        try await interruptible { this in
            let target = try this.begun()
            target.protect()
            var writer = ChunkWriter(chunk, to: target, try this.writer(for: chunk.schema, target))
            let outcome = try writer.write(mode)
            target.keep()
            return outcome
        }
    }

    nonisolated var loadsBeside: Bool { true }

    nonisolated func load(beside chunk: Chunk) async throws -> ApplyOutcome { try await lanes.load(chunk) }

    private func writer(for schema: TableSchema, _ target: TargetConnection) throws -> TableWriter {
        let key = WriterKey(table: schema.name, columns: schema.columns.map(\.name), key: schema.key)
        if let writer = writers[key] { return writer }
        let writer = try TableWriter(schema, in: existing(schema.name, target))
        writers[key] = writer
        return writer
    }

    // MARK: Transactions

    /// Where rights do not allow to have triggers rest.
    var enforcesForeignKeys: Bool { target?.firesTriggers ?? false }

    func sign(_ place: Position) async throws {
        isSigned = true
        let target = try begun()
        target.hold(Signature(group: flow, place: place).sql)
        // What fails in the first slice must not take the signature with it.
        target.keep()
    }

    func commit(_ checkpoint: Checkpoint?, notes: [TableNote]) async throws {
        try await interruptible { this in try this.commitNow(checkpoint, notes) }
    }

    private func commitNow(_ checkpoint: Checkpoint?, _ notes: [TableNote]) throws {
        letGoOfSignature()
        let target = try begun()
        let advance = CheckpointTable.advance(flow, to: checkpoint, by: runner)
        let claiming = claim.commands
        do {
            let results = try target.commit(claiming + CheckpointTable.write(notes, of: flow) + [advance])
            if !claiming.isEmpty { claim.learn(from: results[0]) }
        } catch let error as StoreError {
            writers.removeAll()
            if CheckpointTable.isRefusal(error) { throw claim.fenced(options.label) }
            throw error
        }
        for writer in writers.values { marks.add(writer.takeMarks()) }
    }

    func rollback() async {
        letGoOfSignature()
        writers.removeAll()
        target?.rollback()
    }

    private func letGoOfSignature() {
        isSigned = false
        formerValues = FormerValues()
    }

    nonisolated func makeDurable() async throws {
        try await durability.makeDurable()
    }

    func close() async {
        durability.interrupt()
        await durability.close()
        await lanes.close()
        guard let target else { return }
        self.target = nil
        target.rollback()
        do {
            if target.connection.isOpen { try claim.release(in: target.connection) }
        } catch {
            // The name stays in the row, and means nothing once the connection's lock is gone.
        }
        target.close()
    }

    // MARK: Parts

    /// Runs `body`, which waits for the server, so that cancelling the task ends the wait. The connection is then good
    /// for nothing more.
    private func interruptible<Result>(
        _ body: (isolated PostgresTargetSession) throws -> Result
    ) async throws -> Result {
        try await withTaskCancellationHandler {
            do {
                return try body(self)
            } catch let error as StoreError where error.code == .unreachable || error.code == .outcomeUnknown {
                throw isTaken() ? claim.fenced(options.label) : error
            }
        } onCancel: {
            interrupter.trigger()
        }
    }

    /// Whether another runner has the flow: whoever takes one over ends the connection of the runner before.
    private func isTaken() -> Bool {
        guard target != nil else { return false }
        do {
            let connection = try PostgresConnection(options, application: "tally \(flow)", interrupter: interrupter)
            defer { connection.close() }
            let holder = try CheckpointTable.holder(of: flow, in: connection)
            return holder.map { $0.runner.id != runner.id } ?? false
        } catch {
            // The server cannot be asked: what went wrong is that.
            return false
        }
    }

    /// The open connection, in a transaction.
    private func begun() throws -> TargetConnection {
        let target = try opened()
        target.begin()
        return target
    }

    /// The open connection. What only reads opens no transaction: one that nobody ends would keep locks.
    private func opened() throws -> TargetConnection {
        guard let target else { throw StoreError(.unreachable, "\(options.label): the target is closed") }
        return target
    }
}

extension StoreError {
    /// Whether it may be about one table or its rows, and not about the server.
    fileprivate var speaksOfTables: Bool {
        isAboutRows || [.rejected, .missingTable, .incompatibleSchema, .unsupported, .denied].contains(code)
    }
}
