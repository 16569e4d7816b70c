public import TallyModel

/// What a member that joins holds, row by row, against what the group holds.
///
/// A member that was brought to a sequence before is asked only for what it wrote since and its log no longer tells; what
/// others wrote meanwhile it is sent like any member. Where its history went backwards it has to join as another
/// ``Actor``: nothing that it had written is its own any more.
public struct Comparison: Sendable {
    /// What a row is that the member holds, or lacks.
    public enum Finding: Sendable {
        case same
        /// The member holds what it had been brought to, or lacks what it was never brought to.
        case stale
        /// The member wrote it.
        case written
    }

    /// Where the member comes from.
    public enum Origin: Sendable, Hashable {
        /// It is new to the group, or as good as new.
        case nowhere
        /// It was brought to a sequence.
        case brought(to: UInt64)
        /// It was brought to a sequence, and on by a later copy of the ledger, which is gone.
        case ahead(of: UInt64)
    }

    public let member: Actor
    /// Who the member was before its history went backwards.
    private let former: Set<Actor>
    /// The sequence that the member has been brought to, or that the group was at when it came.
    public let base: UInt64
    /// Whether what the member holds of its own gives way where a time decides.
    private let givesWay: Bool
    private let standing: CapturedTransaction.Standing
    /// The tables whose rows of the member give way all the same, because nobody was ever brought any.
    private let newTables: Set<Int>
    private var changes: [RowChange] = []
    private var returning: Set<RowID> = []
    /// Of the rows changed, those that the member held as of a sequence of their own.
    private var held: [RowID: UInt64] = [:]
    /// Of the rows changed, what the member had written there before its history went backwards, and may hold or not.
    private var earlier: [RowID: [RowWrite]] = [:]

    /// - Parameters:
    ///   - head: The ledger's.
    ///   - former: Who the member was before its history went backwards; empty where it never did.
    ///   - givesWay: Whether the rows of a member that comes from nowhere, or is ahead, count as written before all else.
    ///   - newTables: The tables that have come into the group since the member was last brought anything: there that goes for
    ///     every member.
    public init(
        member: Actor,
        from origin: Origin,
        head: UInt64,
        former: Set<Actor> = [],
        givesWay: Bool,
        newTables: Set<Int> = []
    ) {
        self.member = member
        self.former = former
        self.newTables = givesWay ? newTables : []
        (base, standing) =
            switch origin {
            case .nowhere: (head, .new)
            case .brought(let sequence): (sequence, .following)
            case .ahead(let sequence): (sequence, .ahead)
            }
        self.givesWay = givesWay && standing != .following
    }

    /// Whether rows that the member was not found with have to be looked at: a new one is sent all of them anyway.
    public var asksForMissing: Bool { standing != .new }

    /// Whether rows that were found to be as in the group have to be kept in mind until the member has been brought to
    /// ``base``: of the group's rows it has seen those, and is sent the others.
    public var keepsFound: Bool { (standing == .new && base > 0) || standing == .ahead }

    /// Whether rows that were found to be the member's own have to be kept in mind as long: what it holds there is nothing that
    /// the group ever had.
    public var keepsWritten: Bool { standing == .ahead }

    /// The sequence that the member counts as brought to once it has been compared.
    public var start: UInt64 { standing == .new && base > 0 ? 0 : base }

    /// Takes in a row that the member holds, in the group's columns.
    ///
    /// - Parameters:
    ///   - isRounded: Whether the member holds it otherwise than it can be said here, and is to be sent it.
    ///   - sequence: As of which the member is known to have refused to go on with the row.
    public mutating func found(
        _ row: Row,
        as id: RowID,
        isRounded: Bool = false,
        heldAsOf sequence: UInt64? = nil,
        _ merger: inout Merger,
        _ memory: inout some GroupMemory
    ) throws -> Finding {
        let finding = try compare(row, id, sequence, &merger, &memory)
        guard isRounded else { return finding }
        if finding != .written, standing != .new { changes.append(.put(id, row, time: nil)) }
        returning.insert(id)
        return finding == .same ? .stale : finding
    }

    /// Takes in that the member holds no row of this identity.
    ///
    /// - Parameter sequence: As for ``found(_:as:heldAsOf:_:_:)``.
    public mutating func missed(
        _ id: RowID,
        heldAsOf sequence: UInt64? = nil,
        _ merger: inout Merger,
        _ memory: inout some GroupMemory
    ) throws -> Finding {
        try compare(nil, id, sequence, &merger, &memory)
    }

    private mutating func compare(
        _ row: Row?,
        _ id: RowID,
        _ sequence: UInt64?,
        _ merger: inout Merger,
        _ memory: inout some GroupMemory
    ) throws -> Finding {
        let held = standing == .new ? nil : sequence.map { min($0, base) }
        let (finding, earlier) = try merger.compare(
            row,
            id,
            of: member,
            formerly: former,
            base: held ?? base,
            standing,
            &memory
        )
        if finding == .written {
            let time = newTables.contains(id.table) ? Timestamp(microseconds: 0) : nil
            changes.append(row.map { .put(id, $0, time: time) } ?? .delete(id, time: nil))
            self.held[id] = held
            if !earlier.isEmpty { self.earlier[id] = earlier }
        }
        return finding
    }

    /// What the member turned out to have written, and forgets it; `nil` where that is nothing.
    public mutating func transaction(received: Timestamp) -> CapturedTransaction? {
        guard !changes.isEmpty else { return nil }
        defer { (changes, held, returning, earlier) = ([], [:], [], [:]) }
        var transaction = CapturedTransaction(
            author: member,
            base: standing == .new ? 0 : base,
            committed: givesWay ? Timestamp(microseconds: 0) : received,
            received: received,
            changes: changes,
            compared: held,
            standing: standing
        )
        transaction.returning = returning
        transaction.earlier = earlier
        return transaction
    }
}
