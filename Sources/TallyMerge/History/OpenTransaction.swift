public import TallyModel

/// A transaction that is being taken in, part by part; see ``Merger/begin(_:_:)``.
public struct OpenTransaction: Sendable {
    /// What is known of it as a whole, and of the rows of the part that is taken in next.
    public var transaction: CapturedTransaction
    /// The entry that it becomes.
    let sequence: UInt64
    let dot: Dot
    /// What its author had seen.
    let base: Sight
    /// When its author wrote before.
    let clock: HybridTime?
    /// The latest time of what was taken in.
    var last: HybridTime?
    var clamped: Duration?
    var rows = 0
}

/// What a transaction makes of one row in the end, whatever it made of it on the way.
public struct RowNet: Sendable, Hashable {
    public enum Outcome: Sendable, Hashable {
        /// Nothing: it is among what its author is sent, and no more.
        case asBefore
        case gone
        /// Absent places are as they were before the transaction, or stay absent where that made the row anew.
        case row(Row, isAnew: Bool)
    }

    public var id: RowID
    public var outcome: Outcome
    public var time: Timestamp?

    public init(_ id: RowID, _ outcome: Outcome, time: Timestamp?) {
        self.id = id
        self.outcome = outcome
        self.time = time
    }
}

/// Taking in transactions that need not fit into memory.
extension Merger {
    /// Begins to take in a transaction by the rows that it wrote, each once, in any number of parts, instead of by
    /// ``CapturedTransaction/changes``. Between parts nothing else is taken in.
    public mutating func begin(
        _ transaction: CapturedTransaction,
        _ memory: inout some GroupMemory
    ) throws -> OpenTransaction {
        let author = transaction.author
        return OpenTransaction(
            transaction: transaction,
            sequence: head.sequence + 1,
            dot: Dot(actor: author, counter: head.vector[author] + 1),
            base: transaction.standing == .new ? Sight() : try sight(of: author, at: transaction.base, &memory),
            clock: clocks[author]
        )
    }

    /// Takes in one part: rows that no other part has, and those of ``CapturedTransaction/returning`` and
    /// ``CapturedTransaction/compared`` that are among them.
    public mutating func take(
        _ rows: [RowNet],
        of open: inout OpenTransaction,
        into memory: inout some GroupMemory
    ) throws {
        let transaction = open.transaction
        var touched: [Touched] = []
        touched.reserveCapacity(rows.count)
        for net in rows {
            let base = try transaction.compared[net.id].map { try memory.sight(at: $0) } ?? open.base
            var row = try look(at: net.id, transaction.author, base, transaction.standing, &memory)
            switch net.outcome {
            case .asBefore: break
            case .gone: row.after = nil
            case .row(let after, let isAnew): row.after = isAnew ? after : after.filled(from: row.before)
            }
            row.time = net.time
            touched.append(row)
        }
        try conclude(touched, &open, &memory)
    }

    /// Keeps the entry of what was taken in; `nil` where that changed nothing.
    public mutating func end(_ open: OpenTransaction, _ memory: inout some GroupMemory) throws -> Entry? {
        guard open.rows > 0, let last = open.last else { return nil }
        clocks[open.transaction.author] = last
        advance(to: open.sequence, open.dot, last)
        let entry = Entry(
            sequence: open.sequence,
            dot: open.dot,
            base: open.transaction.base,
            committed: open.transaction.committed,
            sight: head,
            clamped: open.clamped,
            rows: open.rows
        )
        try memory.keep(entry)
        return entry
    }
}
