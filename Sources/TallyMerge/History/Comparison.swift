public import TallyModel

/// What a member that joins holds, row by row, against what the group holds.
///
/// A member that was brought to a sequence before is asked only for what it wrote since and its log no longer tells; what
/// others wrote meanwhile it is sent like any member. Where its history went backwards it has to join as another
/// ``Actor``: nothing that it had written is its own any more.
public struct Comparison: Sendable {
    enum Finding {
        case same
        /// The member holds what it had been brought to, or lacks what it was never brought to.
        case stale
        /// The member wrote it.
        case written
    }

    public let member: Actor
    /// Who the member was before its history went backwards.
    private let former: Set<Actor>
    /// The sequence that the member has been brought to, or that the group was at when it came.
    public let base: UInt64
    /// Whether what the member holds of its own gives way where a time decides.
    private let givesWay: Bool
    private let standing: CapturedTransaction.Standing
    private var changes: [RowChange] = []
    private var returning: Set<RowID> = []

    /// - Parameters:
    ///   - applied: The sequence that the member says it holds; 0 for one that is new to the group.
    ///   - head: The ledger's.
    ///   - former: Who the member was before its history went backwards; empty where it never did.
    ///   - givesWay: Whether the rows of a new member count as written before all else.
    public init(member: Actor, applied: UInt64, head: UInt64, former: Set<Actor> = [], givesWay: Bool) {
        self.member = member
        self.former = former
        let isNew = applied == 0 || applied > head
        base = isNew ? head : applied
        standing = isNew ? .new : .following
        self.givesWay = givesWay && isNew
    }

    /// Whether rows that the member was not found with have to be looked at: a new one is sent all of them anyway.
    public var asksForMissing: Bool { standing != .new }

    /// Whether rows that were found to be as in the group have to be kept in mind until the member has been brought to
    /// ``base``: of the group's rows it has seen those, and is sent the others.
    public var keepsFound: Bool { standing == .new && base > 0 }

    /// Takes in a row that the member holds, in the group's columns.
    ///
    /// - Parameter isRounded: Whether the member holds it otherwise than it can be said here, and is to be sent it.
    /// - Returns: Whether it is as in the group.
    public mutating func found(
        _ row: Row,
        as id: RowID,
        isRounded: Bool = false,
        _ merger: inout Merger,
        _ memory: inout some GroupMemory
    ) throws -> Bool {
        let finding = try merger.compare(row, id, of: member, formerly: former, base: base, standing, &memory)
        if finding == .written || isRounded && standing != .new { changes.append(.put(id, row, time: nil)) }
        if isRounded { returning.insert(id) }
        return finding == .same && !isRounded
    }

    /// Takes in that the member holds no row of this identity.
    public mutating func missed(_ id: RowID, _ merger: inout Merger, _ memory: inout some GroupMemory) throws {
        let finding = try merger.compare(nil, id, of: member, formerly: former, base: base, standing, &memory)
        if finding == .written { changes.append(.delete(id, time: nil)) }
    }

    /// What the member turned out to have written, and forgets it; `nil` where that is nothing.
    public mutating func transaction(received: Timestamp) -> CapturedTransaction? {
        guard !changes.isEmpty else { return nil }
        defer { (changes, returning) = ([], []) }
        var transaction = CapturedTransaction(
            author: member,
            base: standing == .new ? 0 : base,
            committed: givesWay ? Timestamp(microseconds: 0) : received,
            received: received,
            changes: changes,
            standing: standing
        )
        transaction.returning = returning
        return transaction
    }
}
