/// What went wrong in a store: a code to decide by, a message to read, and where it happened.
///
/// Messages carry names, counts and positions, never values of rows and never secrets.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    public var code: Code
    /// What happened; and what to do about it, unless ``remedy`` says that.
    public var fact: String
    /// What to do about it, where that depends on who asked.
    public var remedy: Remedy?
    public var table: TableName?
    public var cause: (any Error)?

    /// What only whoever asked can do, each in a way of its own: a flow, or a group.
    public enum Remedy: Sendable, Hashable {
        /// To begin again with what the store holds now.
        case beginAgain
        /// The same, or to put back the store that was there before.
        case putBackOrBeginAgain

        /// For somebody who has a flow.
        var words: String {
            let again = "`tally resync FLOW` begins again, writing only what differs"
            return switch self {
            case .beginAgain: again
            case .putBackOrBeginAgain: "put the one that was there back; or, if this one is meant, \(again)"
            }
        }
    }

    public init(
        _ code: Code,
        _ message: String,
        remedy: Remedy? = nil,
        table: TableName? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        fact = message
        self.remedy = remedy
        self.table = table
        self.cause = cause
    }

    /// What happened and what to do about it, for somebody who has a flow.
    public var message: String { remedy.map { "\(fact); \($0.words)" } ?? fact }

    public var description: String {
        table.map { "\($0): \(message)" } ?? message
    }

    /// The kind of failure. A struct over a private enum, so that a new code breaks nobody's switch.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case unreachable, busy, outcomeUnknown, outOfSpace, readOnly, denied
            case rejected, missingTable, incompatibleSchema
            case historyLost, historyWentBackwards, sourceReplaced
            case held, fenced, damaged, unsupported, unknown
        }

        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// The store cannot be reached now: a server that is down, a file that is not there.
        public static let unreachable = Code(.unreachable)
        /// Somebody else holds a lock for longer than the store was willing to wait.
        public static let busy = Code(.busy)
        /// The connection was lost after a commit was sent: it may or may not have happened. Read the checkpoint.
        public static let outcomeUnknown = Code(.outcomeUnknown)
        /// No room on the disk.
        public static let outOfSpace = Code(.outOfSpace)
        /// The store takes no writes.
        public static let readOnly = Code(.readOnly)
        /// Wrong credentials or missing rights.
        public static let denied = Code(.denied)
        /// Data that no retry can make acceptable.
        public static let rejected = Code(.rejected)
        /// A table that should be there is not.
        public static let missingTable = Code(.missingTable)
        /// The target's table cannot hold what the source's sends.
        public static let incompatibleSchema = Code(.incompatibleSchema)
        /// The checkpoint is older than what the source can still serve.
        public static let historyLost = Code(.historyLost)
        /// The source's history ends before the checkpoint or differs from it: it was restored from an older backup.
        public static let historyWentBackwards = Code(.historyWentBackwards)
        /// The source is not the one that the checkpoint speaks of.
        public static let sourceReplaced = Code(.sourceReplaced)
        /// Another runner has the flow.
        public static let held = Code(.held)
        /// Another runner took the flow over; this one must write no more.
        public static let fenced = Code(.fenced)
        /// The store's own file or state is damaged.
        public static let damaged = Code(.damaged)
        /// The store cannot do what was asked.
        public static let unsupported = Code(.unsupported)
        /// None of the others.
        public static let unknown = Code(.unknown)

        public var description: String { kind.rawValue }
    }
}
