/// How an in-memory source behaves where the protocol leaves it free.
package struct SourceQuirks: Sendable {
    /// At most so many changes in a slice; `nil` for one transaction a slice.
    package var sliceLimit: Int?
    /// At most so many rows in a chunk; `nil` for all.
    package var chunkRows: Int?
    package var loadWidth = 1
    /// Whether the last slices before the checkpoint may come once more after it is opened.
    package var sendsAgain = false
    /// Whether acknowledgements may get lost.
    package var losesAcknowledgements = false
    /// Whether a change of structure takes a position of its own.
    package var numbersAlterations = false
    package var flaw: Flaw?

    package init() {}
}
