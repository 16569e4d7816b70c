/// A store that changes are captured from.
///
/// Everything here may be called from any task. Opening takes no lock on the store that outlives the call.
public protocol Source: Sendable {
    /// The tables that a user made, with what the store knows of them. Tally's own are left out.
    func catalog() async throws -> [TableSchema]

    /// What is wrong, what will be made, and what cannot be captured. Changes nothing in the store.
    func inspect(_ request: CaptureRequest) async throws -> [Finding]

    /// Makes sure that a stream could go on exactly from the request's checkpoint, without opening one. Changes nothing
    /// in the store, takes nothing, and says nothing about a request without a checkpoint.
    ///
    /// A flow that runs meanwhile may have its source forget what an older checkpoint needs: whoever is told
    /// `historyLost` reads the checkpoint again.
    ///
    /// - Throws: ``StoreError`` as ``open(_:)`` would.
    func verify(_ request: CaptureRequest) async throws

    /// Installs what capture needs, where it is not there yet, and opens the stream.
    ///
    /// Cancelling ends a wait for what others do in the store; what was installed by then is found again or made anew by
    /// the next call.
    ///
    /// - Throws: ``StoreError`` with `historyLost`, `historyWentBackwards` or `sourceReplaced` when the stream cannot
    ///   go on exactly from the checkpoint. It never skips.
    func open(_ request: CaptureRequest) async throws -> any SourceSession

    /// Undoes all that ``open(_:)`` made in the store for this flow. Doing it twice is doing it once.
    func remove(flow: String) async throws
}

/// An open stream of changes, and reads of tables beside it.
///
/// Calls of ``next()`` come one at a time; ``chunk(of:in:limit:)`` and ``acknowledge(_:)`` may run beside it.
public protocol SourceSession: Sendable {
    /// The source's own identity, for checkpoints.
    var sourceID: String { get async }

    /// Where the stream begins: the checkpoint, or a position taken before this call returned. Every change after it
    /// will be in the stream.
    var start: Position { get async }

    /// The selected tables as they were at ``start``. Later changes of structure come in the stream.
    var tables: [TableSchema] { get async }

    /// How many chunks are worth reading at once.
    var loadWidth: Int { get async }

    /// The next part of the stream; suspends while the source has nothing new, and may suspend for ever.
    ///
    /// Slices are bounded in bytes, and a slice with an end finishes a whole number of transactions. After an error the
    /// session is to be closed; opening again from the checkpoint replays what was not committed.
    /// Cancelling ends the wait with `CancellationError`.
    func next() async throws -> StreamEvent

    /// The position after the last commit that the source has now: what a run that should end has to reach.
    func latest() async throws -> Position

    /// About how many rows the table has, for progress.
    func rowCount(of table: TableSchema) async throws -> Int

    /// Parts of the table that can be loaded side by side, in key order, together all of it.
    func ranges(of table: TableSchema) async throws -> [KeyRange]

    /// The rows at the beginning of `range`, in key order, as one snapshot holds them that is taken after the call was
    /// made: up to about `limit`, and at least one if the range has any.
    func chunk(of table: TableName, in range: KeyRange, limit: ByteCount) async throws -> Chunk

    /// The tables whose deletes only a comparison of keys can find, for a run that is about to end. Tables that are
    /// empty are left out: nothing is ever deleted because nothing was read.
    func sweepable() async throws -> [TableName]

    /// Tells the source that the target durably holds everything up to `position`, so that it may forget it.
    ///
    /// An acknowledgement may be lost and may come twice; an older one changes nothing.
    func acknowledge(_ position: Position) async throws

    /// Ends the stream and gives back what the session holds; capture goes on in the store.
    func close() async
}

extension SourceSession {
    /// None: most kinds of capture see deletes.
    public func sweepable() async throws -> [TableName] { [] }
}
