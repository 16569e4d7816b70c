/// What a person wants done about a conflict.
package enum ConflictDecision: Sendable, Hashable, Codable {
    /// What this member wrote becomes the row's.
    case keep(member: String)
    /// Columns get these values, written as a person writes them (``GivenValue``).
    case set([String: String])
    /// What the policy decided is taken back: what lost becomes the row's.
    case undo
}

/// A person asked for what cannot be done.
package struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// There is nothing of that name or number.
        case notFound
        /// It cannot be done any more, or not yet.
        case conflict
        /// It makes no sense.
        case invalid
    }

    package var code: Code
    /// What is in the way and what to do instead.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
