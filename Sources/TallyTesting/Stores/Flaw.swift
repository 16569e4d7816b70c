/// A way for an in-memory store to break its promise, so that tests can show that it would be noticed.
package enum Flaw: String, Sendable, CaseIterable {
    /// The source leaves out the first change after it is opened from a checkpoint.
    case skipsAfterReopening
    /// The source reads chunks as they were some commits before the call.
    case readsOldChunks
    /// The source forgets all history as soon as it is handed over.
    case forgetsTooEarly
    /// The target says that commits are durable when they are not.
    case isNotDurable
    /// The target writes data in one commit and its checkpoint in the next.
    case detachesCheckpoint
    /// The target makes slices visible as they are applied.
    case showsHalves
    /// The target lets a runner write that another has taken the flow from.
    case ignoresFence
    /// The target loses a refused change without saying so.
    case swallowsRejections
}
