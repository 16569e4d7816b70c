public import TallyMerge
public import TallyModel

/// A conflict as the ledger keeps it.
public struct ConflictRecord: Sendable, Hashable {
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// A policy decided.
        case resolved
        /// A person is to decide; a provisional winner is shown meanwhile.
        case waiting
        /// A person decided.
        case decided
        /// What the policy had decided was taken back.
        case undone
        /// There is nothing left to decide here: somebody who had seen both wrote on, or the conflict is part of a later one,
        /// which another write joined.
        case superseded
    }

    public var id: Int64
    /// The entry with which it arose.
    public var sequence: UInt64
    /// When the last of the writes was made.
    public var at: Timestamp
    public var row: RowID
    /// The number of the column; `nil` for a delete against other writes.
    public var column: Int?
    /// The policy in the words of a configuration; empty where an older Tally did not say.
    public var policy: String
    public var state: State
    /// The author whose write stands; `nil` where the result is made of several.
    public var winner: Actor?
    /// The changes that met, in canonical order; at most one of each author.
    public var writes: [RowWrite]
    /// What the row became; `nil` where it was gone.
    public var result: Row?
    public var decidedAt: Timestamp?
    /// What a person decided, in words.
    public var decision: String?
    /// What keeps the row out, where that is what the conflict is about.
    public var constraint: ConstraintClash?

    public init(
        id: Int64,
        sequence: UInt64,
        at: Timestamp,
        row: RowID,
        column: Int?,
        policy: String,
        state: State,
        winner: Actor?,
        writes: [RowWrite],
        result: Row?,
        decidedAt: Timestamp? = nil,
        decision: String? = nil,
        constraint: ConstraintClash? = nil
    ) {
        self.id = id
        self.sequence = sequence
        self.at = at
        self.row = row
        self.column = column
        self.policy = policy
        self.state = state
        self.winner = winner
        self.writes = writes
        self.result = result
        self.decidedAt = decidedAt
        self.decision = decision
        self.constraint = constraint
    }
}

extension ConflictRecord {
    /// Whether these writes have all that met here: each write itself, or a later one by its author, who had seen it.
    public func isPart(of others: [RowWrite]) -> Bool {
        writes.allSatisfy { write in
            others.contains { other in
                other.stamp.dot == write.stamp.dot
                    || other.stamp.dot.actor == write.stamp.dot.actor && other.stamp.context.includes(write.stamp.dot)
            }
        }
    }

    /// Whether the conflict is about the same thing as a later one, and part of it.
    public func isPart(of later: ConflictRecord) -> Bool {
        state == .superseded && later.id > id && later.row == row && later.column == column
            && later.constraint?.kind == constraint?.kind && isPart(of: later.writes)
    }
}
