public import TallyModel

/// What a row became with one entry of the ledger.
public struct RowVersion: Sendable, Hashable {
    /// The entry's place in the ledger.
    public var sequence: UInt64
    /// Who wrote it, and as which of their transactions.
    public var dot: Dot
    /// The sequence up to which the author's store had been brought when this was written there.
    public var base: UInt64
    /// Whether the author is sent the row too: it is not what was written there, or something that was on its way has
    /// been or will be written over it.
    public var returns: Bool
    public var state: RowState
    /// What the author's row held, where that is not what the row became; `nil` where it is.
    public var authored: AuthoredRow?
    /// What members are brought instead, where a constraint keeps the row from being what its writes come to.
    public var withheld: Withheld?
    /// Whether the row was found in a member that is ahead of the ledger: what others wrote, and the ledger is still to hear
    /// of, may be part of it.
    public var isFound = false

    public init(
        sequence: UInt64,
        dot: Dot,
        base: UInt64,
        returns: Bool,
        state: RowState,
        authored: AuthoredRow? = nil,
        withheld: Withheld? = nil
    ) {
        self.sequence = sequence
        self.dot = dot
        self.base = base
        self.returns = returns
        self.state = state
        self.authored = authored
        self.withheld = withheld
    }
}

extension RowVersion {
    /// What its author has seen of a row that still holds what it wrote, having been brought to `base`.
    func context(following base: VersionVector) -> VersionVector {
        guard let own = state.writes.first(where: { $0.stamp.dot == dot }) else {
            var context = base
            context.insert(dot)
            return context
        }
        return base.following(own.stamp)
    }
}

/// Who made a version, and from where.
public struct VersionTrace: Sendable, Hashable {
    public var sequence: UInt64
    public var author: Actor
    public var base: UInt64
    /// As in ``RowVersion/returns``.
    public var returns: Bool
    /// As in ``RowVersion/isFound``.
    public var isFound: Bool

    public init(sequence: UInt64, author: Actor, base: UInt64, returns: Bool, isFound: Bool) {
        self.sequence = sequence
        self.author = author
        self.base = base
        self.returns = returns
        self.isFound = isFound
    }

    /// Whether `member` was or will be sent this version, rather than having written it.
    func isSent(to member: Actor) -> Bool { author != member || returns }
}

/// A row as its author's store held it.
public enum AuthoredRow: Sendable, Hashable {
    case row(Row)
    /// The author deleted it.
    case none

    public init(_ row: Row?) {
        self = row.map(AuthoredRow.row) ?? .none
    }

    public var row: Row? {
        if case .row(let row) = self { row } else { nil }
    }
}
