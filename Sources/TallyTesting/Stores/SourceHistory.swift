import TallyModel

/// What an in-memory source holds: its tables, its history as far as somebody still needs it, and who reads it.
///
/// Decides everything and waits for nothing; ``InMemorySource`` guards it.
struct SourceHistory {
    struct Entry {
        enum Content {
            case transaction([CapturedChange], Timestamp)
            case structure(SchemaChange)
        }

        /// The position after it. A change of structure has the position of the transaction before it.
        let order: UInt64
        let schemasBefore: [TableName: TableSchema]
        let content: Content
    }

    struct Registration {
        var acknowledged: UInt64
    }

    let id: String
    var quirks: SourceQuirks
    var dice: SplitMix64
    private(set) var tables: [TableName: SourceTable] = [:]
    private(set) var order: UInt64 = 0
    /// What the tables held at each position; several where only structures changed.
    private(set) var states: [UInt64: [[TableName: SourceTable]]] = [:]
    private(set) var registrations: [String: Registration] = [:]
    private(set) var entries: [Entry] = []
    /// The number of the first of ``entries``; numbers only grow.
    private(set) var firstEntry = 0
    private var nextColumnID: [TableName: Int] = [:]
    private var versions: [TableName: Int] = [:]

    init(id: String, quirks: SourceQuirks, dice: SplitMix64) {
        self.id = id
        self.quirks = quirks
        self.dice = dice
        states[0] = [[:]]
    }

    var schemas: [TableName: TableSchema] { tables.mapValues(\.schema) }
    var endOfEntries: Int { firstEntry + entries.count }

    func entry(_ number: Int) -> Entry? {
        entries.indices.contains(number - firstEntry) ? entries[number - firstEntry] : nil
    }

    func position(_ order: UInt64) -> Position { Position(order: order, detail: "after \(order)") }

    // MARK: Writing

    mutating func write(at time: Timestamp, _ body: (inout SourceTransaction) -> Void) {
        var transaction = SourceTransaction(tables)
        body(&transaction)
        guard !transaction.changes.isEmpty else { return }
        record(.transaction(transaction.changes, time), after: order + 1)
        tables = transaction.tables
        states[order] = [tables]
    }

    mutating func create(_ table: SourceTable) {
        var table = table
        let name = table.schema.name
        let isKnown = versions[name] != nil
        table.schema.version = nextVersion(of: name)
        nextColumnID[name] = max(nextColumnID[name] ?? 0, (table.schema.columns.map(\.id).max() ?? 0) + 1)
        let replaces = tables[name] != nil
        change(
            isKnown && replaces ? .invalidated(table.schema, reason: "made anew") : .created(table.schema)
        ) { $0[name] = table }
    }

    mutating func alter(_ name: TableName, _ body: (inout SourceTable) -> Void) {
        guard let old = tables[name] else { return }
        var table = old
        body(&table)
        table.schema.version = nextVersion(of: name)
        change(.altered(from: old.schema, to: table.schema)) { $0[name] = table }
    }

    mutating func drop(_ name: TableName) {
        guard tables[name] != nil else { return }
        change(.dropped(name)) { $0[name] = nil }
    }

    mutating func takeColumnID(for name: TableName) -> Int {
        defer { nextColumnID[name, default: 1] += 1 }
        return nextColumnID[name] ?? 1
    }

    private mutating func nextVersion(of name: TableName) -> Int {
        versions[name, default: 0] += 1
        return versions[name] ?? 1
    }

    private mutating func change(_ change: SchemaChange, _ body: (inout [TableName: SourceTable]) -> Void) {
        record(.structure(change), after: order)
        body(&tables)
        states[order, default: []].append(tables)
        if quirks.numbersAlterations { beat() }
    }

    /// Takes a position for nothing.
    mutating func beat() {
        record(.transaction([], Timestamp(microseconds: 0)), after: order + 1)
        states[order] = [tables]
    }

    private mutating func record(_ content: Entry.Content, after newOrder: UInt64) {
        let schemas = schemas
        order = newOrder
        guard !registrations.isEmpty else {
            firstEntry += 1
            return
        }
        entries.append(Entry(order: newOrder, schemasBefore: schemas, content: content))
    }

    // MARK: Readers

    /// Registers a flow, or finds its place again.
    ///
    /// - Returns: The number of the first entry that the flow has not seen.
    mutating func open(_ request: CaptureRequest) throws -> Int {
        let flow = request.consumer.flow
        guard let checkpoint = request.checkpoint else {
            registrations[flow] = Registration(acknowledged: order)
            forget()
            return endOfEntries
        }
        try verify(request)
        let order = checkpoint.position.order
        let isNews = entries.firstIndex { entry in
            if case .structure = entry.content { entry.order >= order } else { entry.order > order }
        }
        return firstEntry + (isNews ?? entries.count)
    }

    /// - Throws: ``StoreError`` when the stream cannot go on from the request's checkpoint.
    func verify(_ request: CaptureRequest) throws {
        guard let checkpoint = request.checkpoint else { return }
        let flow = request.consumer.flow
        guard checkpoint.sourceID == id else {
            throw StoreError(.sourceReplaced, "the checkpoint is of source \(checkpoint.sourceID), this is \(id)")
        }
        guard let registration = registrations[flow] else {
            throw StoreError(.historyLost, "the source does not know the flow \(flow)")
        }
        let order = checkpoint.position.order
        guard order <= self.order, checkpoint.position == position(order) else {
            throw StoreError(.historyWentBackwards, "the source has no position \(checkpoint.position)")
        }
        guard order >= registration.acknowledged else {
            throw StoreError(
                .historyLost,
                "\(registration.acknowledged) was acknowledged, and the checkpoint is \(checkpoint.position)"
            )
        }
    }

    mutating func acknowledge(_ order: UInt64, by flow: String) {
        guard let registration = registrations[flow], registration.acknowledged < order else { return }
        registrations[flow]?.acknowledged = order
        forget()
    }

    mutating func remove(_ flow: String) {
        registrations[flow] = nil
        forget()
    }

    private mutating func forget() {
        let needed = registrations.values.map(\.acknowledged).min() ?? UInt64.max
        let kept = entries.firstIndex { entry in
            if case .structure = entry.content { entry.order >= needed } else { entry.order > needed }
        }
        let count = kept ?? entries.count
        entries.removeFirst(count)
        firstEntry += count
    }
}
