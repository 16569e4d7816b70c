import TallyModel

/// Turns the messages of the server's log into events of the stream, in commit order.
///
/// Decides and keeps in mind; reads nothing by itself but through ``catalog`` and the files of its spools.
struct LogDecoder {
    /// Reads the catalog anew because the log describes a table in a way that is not known: the captured tables, and
    /// where the log ended.
    typealias CatalogReading = (RelationDescription) throws -> (tables: [PostgresTable], position: UInt64)

    /// The structure of a table has columns that the form of the stream cannot carry.
    struct UnsuitableForm: Error {
        var table: TableName
    }

    var assembly = StreamAssembly()
    private(set) var tracker = StructureTracker()
    /// Where the last transaction that was read ends.
    private(set) var position: UInt64
    /// When the transaction was committed whose messages came last; `nil` for one that is not yet.
    private(set) var committed: Timestamp?

    private let label: String
    private let timeline: String
    private let isBinary: Bool
    /// The group whose own transactions are told apart, where the stream is a member's.
    private let group: String?
    /// The sequence that the transaction at hand brings the member to, where it is the group's own.
    private var applied: Position?
    private let catalog: CatalogReading
    private var plans: [RelationPlan] = []
    /// The places in ``plans`` of relations; none for those that are passed over.
    private var known: [UInt32: Int?] = [:]
    private var descriptions: [UInt32: RelationDescription] = [:]
    private var last: (oid: UInt32, plan: Int)?
    private var spools: [UInt32: TransactionSpool] = [:]
    /// The transaction whose messages come now although it is not committed.
    private var streamed: UInt32?
    private var replay: (spool: TransactionSpool, end: UInt64, time: Timestamp)?

    /// - Parameters:
    ///   - position: Where the stream begins.
    ///   - isBinary: Whether values were asked for in binary form.
    ///   - group: The group that the stream is for, if it is for one.
    init(
        label: String,
        timeline: String,
        position: UInt64,
        isBinary: Bool,
        group: String? = nil,
        catalog: @escaping CatalogReading
    ) {
        self.group = group
        self.label = label
        self.timeline = timeline
        self.position = position
        self.isBinary = isBinary
        self.catalog = catalog
    }

    // MARK: Messages

    /// Takes in one message.
    @inline(__always)
    mutating func take(_ bytes: UnsafeRawBufferPointer) throws {
        if streamed != nil { return try takeStreamed(bytes) }
        try take(try PgoutputMessage(bytes), size: bytes.count)
    }

    @inline(__always)
    private mutating func take(_ message: PgoutputMessage, size: Int) throws {
        switch message {
        case .insert(let relation, let tuples):
            guard let plan = plan(of: relation) else { return }
            assembly.add(try plans[plan].insert(tuples), bytes: size + 128)
        case .update(let relation, let tuples):
            guard let plan = plan(of: relation) else { return }
            assembly.add(try plans[plan].update(tuples), bytes: size + 128)
        case .delete(let relation, let tuples):
            guard let plan = plan(of: relation) else { return }
            assembly.add(try plans[plan].delete(tuples), bytes: size + 128)
        case .commit(let end, let time): commit(end, time)
        case .relation(let description): try learn(description)
        case .truncate(let relations):
            for relation in relations where applied == nil {
                guard let plan = plan(of: relation) else { continue }
                assembly.add(Change(.truncate, table: plans[plan].place, row: Row([])), bytes: 64)
            }
        case .streamStart(let xid):
            streamed = xid
            committed = nil
            if spools[xid] == nil { spools[xid] = try TransactionSpool(label: label) }
        case .streamCommit(let xid, let end, let time):
            guard let spool = spools.removeValue(forKey: xid) else { return commit(end, time) }
            try spool.finish()
            replay = (spool, end, time)
        case .streamAbort(let xid, let subtransaction):
            if xid == subtransaction { spools[xid] = nil } else { spools[xid]?.abort(subtransaction) }
        case .begin(let time): committed = time
        case .signature(let signature):
            if signature.group == group { applied = signature.place }
        case .streamStop, .other: break
        }
    }

    private mutating func takeStreamed(_ bytes: UnsafeRawBufferPointer) throws {
        guard let xid = streamed else { return }
        switch bytes.first {
        case UInt8(ascii: "E"): streamed = nil
        case UInt8(ascii: "I"), UInt8(ascii: "U"), UInt8(ascii: "D"), UInt8(ascii: "T"), UInt8(ascii: "R"),
            UInt8(ascii: "M"):
            try spools[xid]?.append(bytes)
        default: break
        }
    }

    private mutating func commit(_ end: UInt64, _ time: Timestamp?) {
        position = end
        let commit = Commit(position: Position(order: end, detail: timeline), time: time)
        if group != nil { assembly.bound(commit, applied: applied) }
        applied = nil
        assembly.commit(commit)
        if tracker.nextDue != nil { assembly.tell(tracker.passed(end)) }
    }

    // MARK: Large transactions

    /// Whether a committed transaction lies in its spool; no message may be taken in before it is read.
    var isReplaying: Bool { replay != nil }

    /// Reads on in the committed transaction's spool until the assembly is full or the transaction ends.
    mutating func replaySome() throws {
        guard let (spool, end, time) = replay else { return }
        while !assembly.isFull {
            let hasMore = try spool.next { bytes in
                try take(try PgoutputMessage(bytes, isStreamed: true), size: bytes.count)
            }
            guard hasMore else {
                replay = nil
                return commit(end, time)
            }
        }
    }

    // MARK: Structure

    @inline(__always)
    private mutating func plan(of relation: UInt32) -> Int? {
        // A group's own transactions come without changes.
        if applied != nil { return nil }
        let index: Int
        if let last, last.oid == relation {
            index = last.plan
        } else {
            guard case .some(.some(let found)) = known[relation] else { return nil }
            last = (relation, found)
            index = found
        }
        if plans[index].generation != assembly.generation {
            plans[index].place = assembly.place(of: plans[index].schema)
            plans[index].generation = assembly.generation
        }
        return index
    }

    /// Takes note of how the rows that follow look.
    private mutating func learn(_ description: RelationDescription) throws {
        descriptions[description.oid] = description
        var outcome = tracker.relation(description, at: position)
        if case .needsCatalog = outcome {
            let read = try catalog(description)
            try review(read.tables, at: read.position)
            outcome = tracker.relation(description, at: position)
        }
        try use(outcome, for: description.oid)
    }

    private mutating func use(_ outcome: StructureTracker.Outcome, for oid: UInt32) throws {
        last = nil
        guard case .structure(let table) = outcome else {
            known[oid] = .some(nil)
            return
        }
        if isBinary, table.columns.contains(where: { !$0.shape.hasBinaryForm || $0.typeName.isEmpty }) {
            throw UnsuitableForm(table: table.name)
        }
        // The server describes a table again for many reasons that change nothing.
        if case .some(.some(let index)) = known[oid], plans[index].schema == table.schema { return }
        plans.append(RelationPlan(table))
        known[oid] = plans.count - 1
    }

    /// Takes in the captured tables as the catalog has them now, between two messages.
    ///
    /// - Throws: ``UnsuitableForm``.
    mutating func review(_ tables: [PostgresTable], at lsn: UInt64) throws {
        let changes = tracker.catalog(tables, at: lsn)
        guard !changes.isEmpty else { return }
        assembly.tell(changes)
        // What was passed over may be captured now, and what has another name is to come under it.
        for (oid, description) in descriptions {
            var outcome = tracker.relation(description, at: position)
            // This was the catalog that it asks for.
            if case .needsCatalog = outcome { outcome = tracker.relation(description, at: position) }
            try use(outcome, for: oid)
        }
    }

    /// Gives the tables that are captured from the beginning.
    mutating func begin(with tables: [PostgresTable], at lsn: UInt64) {
        _ = tracker.catalog(tables, at: lsn)
    }

    /// Takes note that nothing more will come up to `lsn`, as a keepalive says when no transaction is being sent.
    mutating func passed(_ lsn: UInt64) {
        guard lsn > position else { return }
        position = lsn
        if let due = tracker.nextDue, due <= lsn { assembly.tell(tracker.passed(lsn)) }
    }

    /// Says how far the stream is, where no changes do.
    mutating func tellPosition() {
        guard !assembly.isDivided else { return }
        if assembly.hasComplete { return assembly.cutComplete() }
        assembly.cutEmpty(Commit(position: Position(order: position, detail: timeline)))
    }
}
