/// What a group and its members are doing, for people and programs.
public struct GroupStatus: Sendable, Hashable, Codable {
    public enum Phase: String, Sendable, Hashable, Codable {
        case notRunning = "not running"
        case starting
        /// What the member holds is being compared with what the group holds.
        case joining
        case live
        /// Something went wrong that may pass.
        case retrying
        /// A person has to look.
        case stopped
        case finished
    }

    public struct Member: Sendable, Hashable, Codable {
        public var name: String
        /// Where it is.
        public var label: String
        public var phase: Phase
        public var message: String?
        /// What people should know of it although it goes on.
        public var notice: String?
        /// How far its own log is taken in.
        public var captured: String?
        /// The ledger's sequence that it holds.
        public var applied: UInt64
        /// From a commit in another member until it was applied here, of the last batch.
        /// For one that cannot be written to, since it last held all there was, where there has been more.
        public var lagSeconds: Double?
        /// The largest lag of the last minute.
        public var worstLagSeconds: Double?
        /// Rows that it was sent.
        public var rows: Int
        /// Rows that it refused, and holds as they were.
        public var refused: Int
        /// How far its clock is ahead of the node's, below zero where it is behind: as its server says, or at least so far as
        /// the times of what was last written to it show; `nil` where neither says anything.
        public var clockSeconds: Double?
        /// Rows that it holds and that are no rows of the group, because of their keys.
        public var leftOut: Int
        /// What a person should know of it, and do.
        public var notices: [String]

        public init(name: String, label: String, phase: Phase = .notRunning, applied: UInt64 = 0) {
            self.name = name
            self.label = label
            self.phase = phase
            self.applied = applied
            rows = 0
            refused = 0
            leftOut = 0
            notices = []
        }
    }

    public var group: String
    public var members: [Member]
    /// How far the ledger is.
    public var sequence: UInt64
    /// How many conflicts were decided, by a policy or a person, and how many wait for a person.
    public var resolved: Int
    public var waiting: Int
    public var ledgerBytes: Int
    public var objectiveSeconds: Double?
    /// How far a member's clock may be ahead before its times are cut off.
    public var skewSeconds: Double?

    public init(group: String, members: [Member]) {
        self.group = group
        self.members = members
        sequence = 0
        resolved = 0
        waiting = 0
        ledgerBytes = 0
    }
}
