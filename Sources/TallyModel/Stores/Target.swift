/// A store that changes are applied to.
public protocol Target: Sendable {
    /// The tables that a user made or Tally made for them; Tally's own are left out.
    func catalog() async throws -> [TableSchema]

    /// What is wrong and what will be made for tables of these schemas. Changes nothing in the store.
    func inspect(_ tables: [TableSchema], create: Bool) async throws -> [Finding]

    /// What is wrong with the store as a member of a group, beside what capture needs. Changes nothing in the store.
    func inspect(_ request: MemberRequest) async throws -> [Finding]

    /// How far the store's own clock, which gives its commits their times, is ahead of `now`: below zero where it is
    /// behind. `nil` where the store has no clock but that of whoever writes to it.
    func clockOffset(from now: WallClock) async throws -> Duration?

    /// Takes the flow for `runner` and opens a session to write to.
    ///
    /// - Parameter takeOver: Whether to take it from a runner that cannot be seen to have ended.
    /// - Throws: ``StoreError`` with code `held`, naming the holder, while another runner has the flow.
    func open(flow: String, runner: Runner, takeOver: Bool) async throws -> any TargetSession

    /// What the target holds of the flow, without taking it; `nil` when it holds nothing.
    func progress(of flow: String) async throws -> FlowProgress?

    /// Undoes all that the flow made in the store except the data in the user's tables.
    func remove(flow: String) async throws
}

extension Target {
    /// Nothing.
    public func inspect(_ request: MemberRequest) async throws -> [Finding] { [] }

    /// It has none.
    public func clockOffset(from now: WallClock) async throws -> Duration? { nil }
}

/// What a target holds of a flow.
public struct FlowProgress: Sendable, Hashable {
    public var checkpoint: Checkpoint?
    public var notes: [TableNote]

    public init(checkpoint: Checkpoint? = nil, notes: [TableNote] = []) {
        self.checkpoint = checkpoint
        self.notes = notes
    }
}

/// A change that the target refuses for good; the rest of its slice or chunk was taken.
public struct Rejection: Sendable, Hashable {
    /// Its place in the slice's changes or in the chunk's rows.
    public var index: Int
    /// Why, in the store's words, without values.
    public var reason: String

    public init(index: Int, reason: String) {
        self.index = index
        self.reason = reason
    }
}

/// A change that found the target other than expected and made it agree all the same.
public struct ApplyOutcome: Sendable, Hashable {
    public var rejections: [Rejection]
    /// Updates and deletes of rows that were not there, and inserts of rows that were.
    public var mended: Int

    public init(rejections: [Rejection] = [], mended: Int = 0) {
        self.rejections = rejections
        self.mended = mended
    }
}

/// A step that brings a target's table to a new structure.
public enum TableAlteration: Sendable, Hashable {
    /// Type, default and collation are in the words of the source's kind, which the definition of its table names.
    case add(Column, from: NativeDefinition?)
    /// The column has another type at the source.
    case retype(Column, from: NativeDefinition?)
    case rename(from: String, to: String)
    case drop(column: String)
}

/// An open target: one transaction at a time, with the checkpoint in it.
///
/// Calls come one at a time, except ``makeDurable()`` and ``load(beside:)``, which may run beside the others. Work belongs to a transaction
/// that opens with the first ``apply(_:replaying:)``, ``load(_:mode:)`` or structure call and ends with
/// ``commit(_:notes:)`` or ``rollback()``. A target without transactions delivers at least once, in order per key.
public protocol TargetSession: Sendable {
    /// The target's own identity and where it is, for the source's list of consumers.
    var identity: (id: String, label: String) { get async }

    /// What the target held of the flow when the session was opened.
    var progress: FlowProgress { get async }

    /// The table as the target has it now; `nil` when it has none of that name.
    func schema(of table: TableName) async throws -> TableSchema?

    /// The columns of a table's key that take texts for equal whose bytes differ, with what says so: a collation, a type.
    func keyCollations(of table: TableName) async throws -> [String: String]

    /// Whether the table holds any row.
    func isEmpty(_ table: TableName) async throws -> Bool

    /// Whether several changes of one row may be applied as their net effect: rows of the table do not depend on each
    /// other's order, as they do where a second unique constraint is passed from row to row.
    func permitsFolding(_ table: TableName) async throws -> Bool

    /// Makes a table for rows of this schema: the same columns, keys and checks, as far as the kind of store can.
    func create(_ schema: TableSchema) async throws

    func alter(_ table: TableName, _ steps: [TableAlteration]) async throws

    /// Makes what was left for after the load: indexes, foreign keys. Doing it twice is doing it once.
    ///
    /// - Returns: What could not be made and why, in words; a later call may find that it can.
    func finishLoad(of schema: TableSchema) async throws -> [String]

    /// Makes the slice's changes true, in order.
    ///
    /// The slice's tables carry the target's names and only columns that the target's tables have. A row that is
    /// not as expected is made to agree. What one row breaks rejects that row and nothing else.
    ///
    /// - Parameter replaying: Tables whose rows may be newer than the changes, because chunks were read ahead of the
    ///   stream: there, a row that stands in the way of a unique constraint gives way, for the stream brings it again.
    /// - Throws: ``StoreError``; the transaction is then to be rolled back and the batch sent again.
    func apply(_ slice: Slice, replaying: Set<TableName>) async throws -> ApplyOutcome

    /// What keeps one change of a slice from being applied as the open transaction stands; `nil` where nothing does now.
    ///
    /// The change is tried by itself: an insert or update of a complete row as writing the row under its key, whatever is
    /// there. Only the first constraint that stands against it is told. Leaves nothing behind.
    ///
    /// - Parameter index: The change's place in the slice's changes.
    /// - Throws: ``StoreError`` for all that is not about the row; the transaction is then to be rolled back.
    func violation(of index: Int, in slice: Slice) async throws -> Violation?

    /// Rows that are left without the row which one of their foreign keys names, among those that the slice has written
    /// and those that named what the slice has deleted or given another key.
    ///
    /// Asked after ``apply(_:replaying:)``, in the same transaction. Only foreign keys between the slice's tables are
    /// looked at. Where one refers to other columns than the key of the slice's table, those that named what any row of
    /// the transaction's slices had in them are told when first asked for with that table, and only in a transaction that
    /// was signed: ``apply(_:replaying:)`` remembers those values. Empty where the store itself enforces foreign keys in
    /// this session.
    func orphans(of slice: Slice) async throws -> [Orphan]

    /// Rows that share with a row which the slice has written what only one of them may have, by a constraint that the store
    /// does not look at in this session. Each two rows once.
    ///
    /// Asked after ``apply(_:replaying:)``, in the same transaction.
    func duplicates(of slice: Slice) async throws -> [Duplicate]

    /// The forms of packed rows that ``load(_:mode:)`` takes, with mode `add`; other chunks come with rows.
    var packedForms: Set<String> { get }

    /// Writes one chunk of a load.
    func load(_ chunk: Chunk, mode: LoadMode) async throws -> ApplyOutcome

    /// Whether ``load(beside:)`` may be called.
    var loadsBeside: Bool { get }

    /// Writes one chunk of a load with mode `add`, in a transaction of its own, beside the session's other calls and
    /// any number of its own.
    ///
    /// The rows are visible when it returns, before a note says so: where that is lost the chunk is read anew and
    /// written again, over the rows that are there.
    ///
    /// - Throws: ``StoreError`` with code `fenced` when another runner has taken the flow; nothing was written.
    func load(beside chunk: Chunk) async throws -> ApplyOutcome

    /// Whether the store itself acts on foreign keys in this session: a row that is taken out may take others with it.
    var enforcesForeignKeys: Bool { get async }

    /// Makes the transaction a group's own, before anything is written in it: captures for the group take it for the one
    /// that brought the member to `place` in the ledger, and leave its changes out. The session's flow is the group's name.
    ///
    /// - Parameter place: Its detail has no space in it.
    func sign(_ place: Position) async throws

    /// Makes all work since the last commit visible at once, with the checkpoint and the notes.
    ///
    /// - Parameters:
    ///   - checkpoint: The new checkpoint; `nil` to leave it.
    ///   - notes: Replaces the note of each table named; an empty text removes it.
    /// - Throws: ``StoreError`` with code `fenced` when another runner has taken the flow; nothing was written.
    func commit(_ checkpoint: Checkpoint?, notes: [TableNote]) async throws

    /// Gives up all work since the last commit.
    func rollback() async

    /// Returns when every commit that had returned before the call would survive a loss of power.
    func makeDurable() async throws

    /// Rolls back what is open, gives up the claim on the flow and closes.
    func close() async
}

extension TargetSession {
    /// Not.
    public var enforcesForeignKeys: Bool { get async { false } }

    /// Cannot: the store can be no member of a group.
    public func sign(_ place: Position) async throws {
        throw StoreError(.unsupported, "this kind of store cannot be a member of a group")
    }

    /// Not known.
    public func violation(of index: Int, in slice: Slice) async throws -> Violation? { nil }

    /// None are known.
    public func orphans(of slice: Slice) async throws -> [Orphan] { [] }

    /// None: the store looks at all of its constraints.
    public func duplicates(of slice: Slice) async throws -> [Duplicate] { [] }

    /// None: texts are equal by their bytes.
    public func keyCollations(of table: TableName) async throws -> [String: String] { [:] }

    /// None: chunks come with rows.
    public var packedForms: Set<String> { [] }

    /// Not: chunks are written one after the other.
    public var loadsBeside: Bool { false }

    public func load(beside chunk: Chunk) async throws -> ApplyOutcome {
        preconditionFailure("the target writes chunks one after the other")
    }
}
