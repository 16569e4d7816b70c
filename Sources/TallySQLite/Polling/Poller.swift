import SQLite
import TallyModel

/// Polls one file: each time, in one snapshot over all tables, what moved on since the time before.
///
/// Belongs to one isolation domain. After an error it is of no more use.
final class Poller {
    /// A poll at work: the snapshot is open until its last slice.
    private struct Poll {
        let order: UInt64
        let isOwed: Bool
        let now: Timestamp
        /// The table being read, and its rows.
        var table = 0
        var statement: Statement?
        /// The greatest value read of the table that a mark may stand at.
        var greatest: (place: Int64, value: Value)?
        /// The lowest place that the next poll can read of the table, as far as is known now.
        var reach = Int64.min
        /// Where the table's mark stood before the poll.
        var mark: Int64?
        var hasChanges = false
        /// The earliest write that the poll is the first to see.
        var earliest: Int64?
    }

    let sourceID: String
    let start: Position
    private let connection: Connection
    private let settings: CaptureSettings
    private let rule: CursorRule
    private let structure: PolledStructure
    private let orders: PollOrders
    private let now: WallClock
    private let elapsed: @Sendable () -> Duration
    private var tables: [PolledTable]
    private var schemaVersion: Int64
    private var memory = WindowMemory()
    private var poll: Poll?
    /// The connection's `data_version` before the last snapshot; it changes with every commit of another connection.
    private var dataVersion: Value?
    /// What the stream has to say before the first poll.
    private(set) var opening: [StreamEvent] = []

    /// Opens the file and settles where the stream begins: at the checkpoint, or at what the tables hold now.
    init(
        _ request: CaptureRequest,
        observer: MilestoneObserver?,
        file: SourceFile,
        structure: PolledStructure,
        orders: PollOrders,
        now: @escaping WallClock,
        elapsed: @escaping @Sendable () -> Duration
    ) throws {
        settings = request.capture
        rule = CursorRule(request.capture)
        self.structure = structure
        self.orders = orders
        self.now = now
        self.elapsed = elapsed
        // Not read-only: after a writer's crash only a connection that may write can bring the file to order.
        connection = try file.connect(.readWrite)
        sourceID = try PolledIdentity.settle(
            connection,
            flow: request.consumer.flow,
            checkpoint: request.checkpoint,
            observer
        )
        try connection.execute("PRAGMA query_only = ON")
        let beginning = try connection.transaction(.deferred) { [connection, rule] in
            try Beginning(request, rule: rule, structure: structure, now: now(), in: connection)
        }
        tables = beginning.tables
        schemaVersion = beginning.schemaVersion
        opening = beginning.events
        if let checkpoint = request.checkpoint {
            start = checkpoint.position
        } else {
            let order = orders.begin().order
            orders.end(at: order)
            let marks = PolledMarks(rule.kind, schema: schemaVersion, tables: tables)
            start = Position(order: order, detail: try marks.detail())
        }
    }

    var schemas: [TableSchema] { tables.map(\.schema) }
    var isPolling: Bool { poll != nil }

    /// Whether anybody has written to the file since the last poll.
    func hasNews() throws -> Bool {
        guard let dataVersion else { return true }
        return try readDataVersion() != dataVersion
    }

    /// The tables that hold rows.
    func tablesWithRows() throws -> [TableName] {
        try tables.filter { try !$0.isEmpty(in: connection) }.map(\.name)
    }

    // MARK: Polls

    /// Begins a poll.
    ///
    /// - Returns: What changed in the structure of tables since the last one.
    func begin() throws -> [StreamEvent] {
        let (order, isOwed) = orders.begin()
        // Read before the snapshot is taken: a commit between the two is then read twice, not never.
        dataVersion = try readDataVersion()
        try connection.execute("BEGIN")
        memory.beginPoll()
        poll = Poll(order: order, isOwed: isOwed, now: now())
        return try followStructure()
    }

    /// The next slice of the poll at work; `nil` when it is over and had nothing to say.
    func slice(limit: ByteCount = .kibibytes(512)) throws -> Slice? {
        guard var poll else { return nil }
        var builder = PollSlice()
        while poll.table < tables.count {
            let statement = try poll.statement ?? open(tables[poll.table], &poll)
            while try statement.step() {
                read(statement, into: &builder, &poll)
                if builder.byteCount >= limit.bytes {
                    poll.hasChanges = true
                    self.poll = poll
                    return builder.slice(endingAt: nil)
                }
            }
            statement.reset()
            try finishTable(&poll)
        }
        return try finish(poll, builder)
    }

    private func open(_ table: PolledTable, _ poll: inout Poll) throws -> Statement {
        let (sql, values) = table.query(rule)
        let statement = try connection.cached(sql)
        try statement.bind(values)
        poll.statement = statement
        poll.mark = table.mark.flatMap(rule.place)
        return statement
    }

    private func read(_ statement: Statement, into builder: inout PollSlice, _ poll: inout Poll) {
        let table = tables[poll.table]
        let row = Row((0..<table.schema.columns.count).map { statement.value(at: $0) })
        let value = row.values[table.cursor] ?? .null
        let place = rule.place(of: value)
        if let place, rule.permitsMark(at: place, now: poll.now), poll.greatest.map({ $0.place < place }) ?? true {
            poll.greatest = (place, value)
            poll.reach = rule.reach(from: value)
        }
        guard memory.isNews(row, of: table.schema, at: place ?? .max, reach: poll.reach) else { return }
        builder.append(row, of: table, at: poll.table)
        if rule.kind == .timestamp, let place, place <= poll.now.microseconds, let mark = poll.mark, place > mark {
            poll.earliest = min(poll.earliest ?? place, place)
        }
    }

    /// Moves the table's mark to what was read.
    private func finishTable(_ poll: inout Poll) throws {
        var table = tables[poll.table]
        // With nothing acceptable in the window the mark's own row is gone. The mark then goes back to what there is,
        // which reads more than before, never less: after the restoration of a backup, new rows stay in sight.
        let mark = try poll.greatest?.value ?? table.greatest(rule, now: poll.now, in: connection)
        let time = elapsed()
        if mark != table.mark {
            table.mark = mark
            table.stoodSince = time
        }
        memory.endTable(table.name, reach: mark.map(rule.reach) ?? .min)
        if let mark, memory.isOverfull(table.name), time - table.stoodSince > rule.overlap, rule.isOrdered(at: mark) {
            table.closedMark = mark
            memory.forgetAll(of: table.name)
        }
        tables[poll.table] = table
        poll.table += 1
        poll.statement = nil
        poll.greatest = nil
        poll.reach = .min
    }

    private func finish(_ poll: Poll, _ builder: PollSlice) throws -> Slice? {
        try connection.execute("COMMIT")
        self.poll = nil
        guard poll.hasChanges || !builder.isEmpty || poll.isOwed else {
            orders.end(at: nil)
            return nil
        }
        orders.end(at: poll.order)
        let marks = PolledMarks(rule.kind, schema: schemaVersion, tables: tables)
        let position = Position(order: poll.order, detail: try marks.detail())
        return builder.slice(
            endingAt: Commit(position: position, time: poll.earliest.map(Timestamp.init(microseconds:)))
        )
    }

    private func readDataVersion() throws -> Value? { try connection.first("PRAGMA data_version")?.first }

    // MARK: Structure

    private func followStructure() throws -> [StreamEvent] {
        let version = try PolledStructure.version(in: connection)
        guard version != schemaVersion else { return [] }
        try Beginning.refuseOlder(version, than: schemaVersion, path: connection.path)
        let present = try structure.tables(in: connection).tables
        schemaVersion = version
        var changes: [SchemaChange] = []
        let names = Set(present.map(\.name))
        for table in tables where !names.contains(table.name) {
            changes.append(.dropped(table.name))
            memory.forgetAll(of: table.name)
        }
        let former = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })
        tables = try present.map { schema in try follow(schema, former[schema.name], &changes) }
        return changes.map(StreamEvent.schema)
    }

    private func follow(
        _ schema: TableSchema,
        _ former: PolledTable?,
        _ changes: inout [SchemaChange]
    ) throws -> PolledTable {
        var table = try PolledTable(schema, settings)
        guard let former else {
            table.mark = try table.greatest(rule, now: now(), in: connection)
            table.stoodSince = elapsed()
            changes.append(.created(schema))
            return table
        }
        (table.mark, table.stoodSince) = (former.mark, former.stoodSince)
        if former.schema != schema { changes.append(.altered(from: former.schema, to: schema)) }
        if schema.needsLoad(after: former.schema) {
            changes.append(.invalidated(schema, reason: Beginning.changed))
        } else if schema.hasImplicitKey {
            changes.append(.invalidated(schema, reason: Beginning.renumbered))
        }
        return table
    }
}
