import TallyModel

/// Puts changes together into slices, and changes of structure between them where they belong.
///
/// What is complete, transactions with their commits, and what is not are kept in one run of changes with a mark between
/// them, so that a slice with an end never holds a part of the next transaction.
struct StreamAssembly {
    /// Enough for a target to work on at its best; see `BatchPolicy`.
    static let enough = ByteCount.mebibytes(4)
    static let mostChanges = 16 << 10

    /// What can be handed over, in order.
    private(set) var ready: [StreamEvent] = []
    /// Grows when tables get new places.
    private(set) var generation = 0
    private var tables: [TableSchema] = []
    private var changes: [Change] = []
    private var byteCount = 0
    /// How many changes belong to complete transactions, and their bytes.
    private var completeCount = 0
    private var completeBytes = 0
    /// The end of the last complete transaction that no slice has carried yet.
    private(set) var end: Commit?
    /// Where complete transactions end that no slice has carried yet, for a group.
    private var boundaries: [Boundary] = []
    /// Whether a part of the transaction at hand has become ready before its end.
    private(set) var isDivided = false
    /// Whether the end that waits is that of such a transaction.
    private var carriesDivision = false
    /// Changes of structure that have to wait for the end of a divided transaction.
    private var late: [SchemaChange] = []

    /// Whether changes wait, of complete transactions or not.
    var isEmpty: Bool { changes.isEmpty }
    /// Whether the ends of transactions with changes wait.
    var hasComplete: Bool { completeCount > 0 || carriesDivision || !boundaries.isEmpty }
    var isFull: Bool { byteCount >= Self.enough.bytes || changes.count >= Self.mostChanges }

    /// The place of a table's rows in the slice at hand.
    ///
    /// A slice has each table once: targets put changes of one table in another order. Where the table's structure has
    /// changed since its rows before, those go into a slice of their own.
    mutating func place(of schema: TableSchema) -> Int {
        if let place = tables.firstIndex(where: { $0.name == schema.name }) {
            if tables[place].version == schema.version { return place }
            if changes.isEmpty {
                tables[place] = schema
                return place
            }
            cutAll()
        }
        tables.append(schema)
        return tables.count - 1
    }

    @inline(__always)
    mutating func add(_ change: Change, bytes: Int) {
        changes.append(change)
        byteCount += bytes
    }

    /// Notes where the transaction at hand ends; ``commit(_:)`` follows. One that changed nothing is not told of, unless it
    /// is the group's own.
    mutating func bound(_ commit: Commit, applied: Position?) {
        guard applied != nil || isDivided || changes.count > completeCount else { return }
        boundaries.append(Boundary(count: changes.count, commit: commit, applied: applied))
    }

    /// Ends the transaction at hand.
    mutating func commit(_ commit: Commit) {
        // An empty transaction says nothing about when the changes before it were committed.
        let isEmpty = changes.count == completeCount && !isDivided
        let time = isEmpty ? end?.time : [end?.time, commit.time].compactMap { $0 }.min()
        end = Commit(position: commit.position, time: time)
        completeCount = changes.count
        completeBytes = byteCount
        if isDivided { carriesDivision = true }
        isDivided = false
        if !late.isEmpty {
            cutComplete()
            ready += StructureTracker.late(late).map(StreamEvent.schema)
            late = []
        }
    }

    /// Puts changes of structure into the stream: before the transaction at hand, or behind it where a part of it was
    /// handed over.
    mutating func tell(_ schemaChanges: [SchemaChange]) {
        guard !schemaChanges.isEmpty else { return }
        if isDivided {
            late += schemaChanges
            return
        }
        if hasComplete { cutComplete() }
        ready += schemaChanges.map(StreamEvent.schema)
    }

    mutating func tell(_ event: StreamEvent) {
        ready.append(event)
    }

    /// Makes what is complete ready, as a slice with an end; without changes where there are none.
    mutating func cutComplete() {
        guard let end else { return }
        let tail = Array(changes[completeCount...])
        changes.removeLast(tail.count)
        var slice = Slice(tables: tables, changes: changes, end: end, byteCount: completeBytes)
        slice.boundaries = boundaries
        boundaries = []
        ready.append(.slice(slice))
        // What is left of the transaction at hand keeps the places of its tables.
        keep(tail, bytes: byteCount - completeBytes)
    }

    /// Makes all there is ready: the transaction at hand goes on in the next slice.
    mutating func cutAll() {
        if hasComplete { cutComplete() }
        guard !changes.isEmpty else { return }
        ready.append(.slice(Slice(tables: tables, changes: changes, end: nil, byteCount: byteCount)))
        isDivided = true
        keep([], bytes: 0)
    }

    /// Makes a slice without changes ready that says how far the stream is.
    mutating func cutEmpty(_ commit: Commit) {
        ready.append(.slice(Slice(tables: [], changes: [], end: commit, byteCount: 64)))
        end = nil
    }

    mutating func takeReady() -> StreamEvent? {
        ready.isEmpty ? nil : ready.removeFirst()
    }

    private mutating func keep(_ tail: [Change], bytes: Int) {
        changes = tail
        byteCount = bytes
        completeCount = 0
        completeBytes = 0
        end = nil
        carriesDivision = false
        if tail.isEmpty {
            tables = []
            generation += 1
            // The next slice is likely to be as large.
            changes.reserveCapacity(256)
        }
    }
}
