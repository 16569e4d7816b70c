/// A moment at which the death of the process is most likely to do harm.
///
/// Stores and flows report these to whoever made them, so that a harness can kill the process exactly there.
public enum Milestone: String, Sendable, Hashable, CaseIterable {
    /// Capture is being installed in the source; its transaction is open.
    case captureInstalling = "capture-installing"
    /// A chunk of a load is written to the target and not yet committed.
    case chunkWritten = "chunk-written"
    /// A batch is applied to the target and not yet committed.
    case batchApplied = "batch-applied"
    /// A batch is committed in the target and not yet acknowledged to the source.
    case batchCommitted = "batch-committed"
    /// What a member of a group wrote is in the group's ledger and not yet acknowledged to the member.
    case entriesKept = "entries-kept"
    /// The log of a group's member was opened anew, and where it begins is not noted in the group's ledger yet.
    case logOpened = "log-opened"
    /// Some rows of a member that joins a group were compared and the findings are in the group's ledger; others are left.
    case rowsCompared = "rows-compared"
    /// Captured rows are being removed from the source; the transaction is open.
    case capturedRowsRemoved = "captured-rows-removed"
}

/// Told of each milestone as it is reached, on the thread that reached it.
public typealias MilestoneObserver = @Sendable (Milestone) -> Void
