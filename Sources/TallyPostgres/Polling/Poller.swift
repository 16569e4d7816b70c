import TallyModel

/// Polls one database: each time, in one snapshot over all tables, what moved on since the time before.
///
/// Belongs to one isolation domain. After an error it is of no more use.
final class Poller {
    static let changed = "its structure changed, and rows may hold values that no write of theirs announced"

    /// A poll at work: the snapshot is open until its last slice.
    private struct Poll {
        let order: UInt64
        let isOwed: Bool
        let snapshot: ServerSnapshot
        let age: Int
        /// The table being read.
        var table = 0
        var isCopying = false
        var isFirstMessage = true
        var hasChanges = false
    }

    let sourceID: String
    private(set) var start = Position(order: 0)
    /// What the stream has to say before the first poll.
    private(set) var opening: [StreamEvent] = []
    private let connection: PostgresConnection
    private let settings: CaptureSettings
    private let rule: CursorRule
    private let orders: PollOrders
    private let isStandby: Bool
    private var structure: PolledStructure
    private var tables: [PolledTable] = []
    private var memory = WindowMemory()
    private var record = RecordText()
    private var snapshot: ServerSnapshot
    /// Numbers of transactions are given again by a server that was restored, failed over or crashed; so the first poll
    /// of a connection does without them.
    private var isFirst = true
    private var poll: Poll?

    /// Settles where the stream begins: at the checkpoint, or at what the tables hold now.
    init(_ request: CaptureRequest, _ connection: PostgresConnection, orders: PollOrders) throws {
        (self.connection, self.orders) = (connection, orders)
        settings = request.capture
        rule = CursorRule(request.capture)
        structure = PolledStructure(request.tables)
        sourceID = try SourceIdentity.read(in: connection)
        if let checkpoint = request.checkpoint {
            try SourceIdentity.verify(checkpoint, is: sourceID, label: connection.label)
        }
        isStandby = try connection.execute("SELECT pg_is_in_recovery()").flag(0, 0)
        let held = try request.checkpoint.map { try Self.marks(of: $0, label: connection.label) }
        let order = orders.begin().order
        let age = try Self.oldestAge(connection)
        try connection.execute(Self.begin)
        snapshot = try Self.readSnapshot(connection)
        let found = try structure.tables(in: connection) ?? []
        let earlier = held?.snapshot
        if let earlier, earlier.xmax > snapshot.xmax { throw Self.wentBackwards(connection.label) }
        tables = try found.map { try PolledTable($0, settings) }
        for index in tables.indices { try take(up: index, held?.marks, earlier, age: age) }
        try connection.execute("COMMIT")
        orders.end(at: request.checkpoint == nil ? order : nil)
        if let earlier { snapshot = earlier }
        start =
            try request.checkpoint?.position
            ?? Position(order: order, detail: PolledMarks(rule.kind, snapshot, tables: tables).detail())
    }

    private func take(up index: Int, _ held: PolledMarks?, _ earlier: ServerSnapshot?, age: Int) throws {
        let table = tables[index]
        guard let held, let earlier else {
            tables[index].mark = try table.greatest(rule, in: connection)
            return try tables[index].settle(rule, snapshot, age: age, in: connection)
        }
        guard let entry = held.entry(of: table.name, column: table.column.name, kind: rule.kind) else { return }
        (tables[index].mark, tables[index].floor) = (entry.mark, entry.floor)
        if let mark = entry.mark { tables[index].passed = [PolledTable.Passed(xmax: earlier.xmax, mark: mark)] }
        if entry.shape != table.shape { opening.append(.schema(.invalidated(table.schema, reason: Self.changed))) }
    }

    var schemas: [TableSchema] { tables.map(\.schema) }
    var known: [PostgresTable] { tables.map(\.table) }
    var isPolling: Bool { poll != nil }

    /// The tables that hold rows.
    ///
    /// - Parameter other: A connection to ask on while a poll is at work on the poller's own.
    func tablesWithRows(on other: PostgresConnection? = nil) throws -> [TableName] {
        let connection = other ?? connection
        return try tables.filter { try !$0.isEmpty(in: connection) }.map(\.name)
    }

    // MARK: Polls

    private static let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    /// Begins a poll, unless nothing was committed and nobody waits.
    ///
    /// - Returns: What changed in the structure of tables since the last one.
    func begin() throws -> [StreamEvent] {
        let (order, isOwed) = orders.begin()
        // Before the snapshot: what runs when that is taken ran now already, or begins later than now.
        let age = try Self.oldestAge(connection)
        try connection.execute(Self.begin)
        let now = try Self.readSnapshot(connection)
        // A standby's snapshot does not list what is in progress.
        guard isOwed || isFirst || isStandby || now != snapshot else {
            try connection.execute("COMMIT")
            orders.end(at: nil)
            return []
        }
        memory.beginPoll()
        poll = Poll(order: order, isOwed: isOwed, snapshot: now, age: age)
        return try followStructure()
    }

    /// The next slice of the poll at work; `nil` when it is over and had nothing to say.
    func slice(limit: ByteCount = .kibibytes(512)) throws -> Slice? {
        guard var poll else { return nil }
        var builder = PollSlice()
        while poll.table < tables.count {
            if !poll.isCopying {
                try connection.beginCopyOut(tables[poll.table].copy(rule, horizon: isFirst ? nil : snapshot))
                poll.isCopying = true
                poll.isFirstMessage = true
            }
            while poll.isCopying {
                poll.isCopying = try connection.withNextCopyData { try read($0, into: &builder, &poll) }
                if poll.isCopying, builder.byteCount >= limit.bytes {
                    poll.hasChanges = true
                    self.poll = poll
                    return builder.slice(endingAt: nil)
                }
            }
            memory.endTable(tables[poll.table].name, reach: 0)
            try tables[poll.table].settle(rule, poll.snapshot, age: poll.age, in: connection)
            poll.table += 1
        }
        return try finish(poll, builder)
    }

    private func read(_ message: UnsafeRawBufferPointer, into builder: inout PollSlice, _ poll: inout Poll) throws {
        defer { poll.isFirstMessage = false }
        guard case .row(var fields) = try CopiedFields.read(message, isFirst: poll.isFirstMessage) else { return }
        let permitsMark = try fields.integer() != 0
        let isUnseen = try fields.integer() != 0
        guard let bytes = try fields.next() else { return }
        try record.parse(bytes)
        let table = tables[poll.table]
        let row = Row(try table.table.columns.indices.map { try record.value($0, of: table.table.columns[$0]) })
        if permitsMark {
            let mark = record.withField(table.cursor) { $0.map { String(decoding: $0, as: UTF8.self) } }
            if let mark { try raise(&tables[poll.table].mark, to: mark, of: table) }
        }
        // What no earlier poll can have seen is news; of the rest, what was in progress then may be.
        let isNews = memory.isNews(row, of: table.schema, at: 0, reach: 0)
        guard isUnseen || isNews else { return }
        builder.append(row, of: table, at: poll.table)
    }

    private func raise(_ mark: inout String?, to value: String, of table: PolledTable) throws {
        guard let current = mark else {
            mark = value
            return
        }
        if try CursorOrder(table.column).isAfter(value, current) { mark = value }
    }

    private func finish(_ poll: Poll, _ builder: PollSlice) throws -> Slice? {
        try connection.execute("COMMIT")
        self.poll = nil
        snapshot = poll.snapshot
        isFirst = false
        guard poll.hasChanges || !builder.isEmpty || poll.isOwed else {
            orders.end(at: nil)
            return nil
        }
        orders.end(at: poll.order)
        let detail = try PolledMarks(rule.kind, snapshot, tables: tables).detail()
        return builder.slice(endingAt: Commit(position: Position(order: poll.order, detail: detail)))
    }

    // MARK: Structure

    private func followStructure() throws -> [StreamEvent] {
        guard let present = try structure.tables(in: connection) else { return [] }
        var changes: [SchemaChange] = []
        let names = Set(present.map(\.name))
        for table in tables where !names.contains(table.name) {
            changes.append(.dropped(table.name))
            memory.forgetAll(of: table.name)
        }
        let former = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })
        tables = try present.map { try follow($0, former[$0.name], &changes) }
        return changes.map(StreamEvent.schema)
    }

    private func follow(
        _ found: PostgresTable,
        _ former: PolledTable?,
        _ changes: inout [SchemaChange]
    ) throws -> PolledTable {
        var table = try PolledTable(found, settings)
        guard let former else {
            table.mark = try table.greatest(rule, in: connection)
            changes.append(.created(table.schema))
            return table
        }
        if former.table.oid == found.oid, former.column.number == table.column.number {
            (table.mark, table.floor, table.passed) = (former.mark, former.floor, former.passed)
        }
        guard former.table != table.table else { return table }
        if former.table.oid == found.oid { changes.append(.altered(from: former.schema, to: table.schema)) }
        if former.table.oid != found.oid || former.shape != table.shape {
            changes.append(.invalidated(table.schema, reason: Self.changed))
        }
        return table
    }

    // MARK: The server

    /// - Throws: ``StoreError`` when a stream cannot go on from the checkpoint.
    static func verify(_ checkpoint: Checkpoint, flow: String, in connection: PostgresConnection) throws {
        let id = try SourceIdentity.read(in: connection)
        try SourceIdentity.verify(checkpoint, is: id, label: connection.label)
        let held = try marks(of: checkpoint, label: connection.label)
        if try held.snapshot.xmax > readSnapshot(connection).xmax { throw wentBackwards(connection.label) }
    }

    private static func readSnapshot(_ connection: PostgresConnection) throws -> ServerSnapshot {
        let text = try connection.execute("SELECT txid_current_snapshot()").text(0, 0)
        guard let snapshot = text.flatMap({ ServerSnapshot($0) }) else {
            throw StoreError(.damaged, "\(connection.label): the server does not say which transactions it sees")
        }
        return snapshot
    }

    /// How long the oldest running transaction has been at work, in microseconds, as far as the user may know: `now()` is
    /// when a transaction began, however late it writes.
    private static func oldestAge(_ connection: PostgresConnection) throws -> Int {
        let age = try connection.execute(
            """
            SELECT coalesce(greatest(extract(epoch FROM clock_timestamp() - min(xact_start)) * 1000000, 0), 0)::bigint
            FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND backend_type <> 'autovacuum worker'
            """
        ).integer(0, 0)
        return age ?? 0
    }

    private static func marks(of checkpoint: Checkpoint, label: String) throws
        -> (marks: PolledMarks, snapshot: ServerSnapshot)
    {
        do {
            let marks = try PolledMarks(detail: checkpoint.position.detail)
            guard let snapshot = ServerSnapshot(marks.snapshot) else { throw CapturePosition.Unreadable() }
            return (marks, snapshot)
        } catch {
            throw StoreError(
                .historyLost,
                "\(label): the target's checkpoint was written with another kind of capture, and polling cannot go on from "
                    + "it; set `capture` back, or run `tally resync FLOW`, which writes only what differs",
                cause: error
            )
        }
    }

    private static func wentBackwards(_ label: String) -> StoreError {
        StoreError(
            .historyWentBackwards,
            "\(label) was restored from an older backup: the target has taken transactions that the server has not yet "
                + "made",
            remedy: .beginAgain
        )
    }
}
