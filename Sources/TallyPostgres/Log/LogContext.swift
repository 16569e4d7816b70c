package import TallyModel

/// What the sessions on one database's log have in common.
package struct LogContext: Sendable {
    /// Told of the milestones of their work.
    let observer: MilestoneObserver?
    /// How much log the server may keep for a flow before people are told.
    let budget: ByteCount
    let forms = FormMemory()

    /// How much is too much where nobody says.
    package static let budget = ByteCount.mebibytes(4096)

    package init(observer: MilestoneObserver? = nil, budget: ByteCount = Self.budget) {
        self.observer = observer
        self.budget = budget
    }
}
