import TallyModel

/// A person's wish about dead letters, on its way to the flow that holds them.
package struct LetterRequest: Sendable {
    package enum Wish: Sendable {
        case retry
        case discard
    }

    package let wish: Wish
    /// Which letters; `nil` for all of the flow.
    package let ids: [Int64]?
    /// Called once.
    package let reply: @Sendable (Result<LetterOutcome, any Error>) -> Void
}

/// What became of dead letters that a person asked about.
public struct LetterOutcome: Sendable, Hashable {
    /// The ids of those that are gone: the target took them, or they were given up.
    public var settled: [Int64]
    /// The ids of those that were refused again.
    public var refused: [Int64]

    public init(settled: [Int64] = [], refused: [Int64] = []) {
        self.settled = settled
        self.refused = refused
    }
}
