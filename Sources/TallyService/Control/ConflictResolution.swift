import TallyGroup

/// How a person resolves a conflict: what one member wrote, or values of their own.
package struct ConflictResolution: Sendable, Hashable, Codable {
    /// The member whose write becomes the row's.
    package var keep: String?
    /// Values by column, as a person writes them.
    package var set: [String: String]?

    package init(keep: String) {
        self.keep = keep
    }

    package init(set: [String: String]) {
        self.set = set
    }

    /// - Throws: ``ControlError`` with code `invalid` unless it says exactly one of the two.
    func decision() throws(ControlError) -> ConflictDecision {
        switch (keep, set) {
        case (let member?, nil): return .keep(member: member)
        case (nil, let values?): return .set(values)
        default: throw ControlError(.invalid, "say either whose write to keep or which values to set")
        }
    }
}
