/// A place in one store's history of commits.
///
/// Ordered within one source; opaque to all but the store that made it; printable.
public struct Position: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Where the position stands among others of the same source: a capture sequence, a log sequence number.
    public let order: UInt64
    /// What else the source needs to go on from here and to recognise its own history; empty where order says all.
    public let detail: String

    public init(order: UInt64, detail: String = "") {
        self.order = order
        self.detail = detail
    }

    public static func < (left: Position, right: Position) -> Bool { left.order < right.order }

    public var description: String { String(order) }

    /// The position as one line of text, for ``init(encoded:)``.
    public var encoded: String { detail.isEmpty ? String(order) : "\(order) \(detail)" }

    /// Reads what ``encoded`` wrote; `nil` for any other text.
    public init?(encoded: String) {
        let parts = encoded.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let order = UInt64(first) else { return nil }
        self.init(order: order, detail: parts.count > 1 ? String(parts[1]) : "")
    }
}

/// The end of a transaction in its source.
public struct Commit: Sendable, Hashable {
    public var position: Position
    /// When the source committed; of several transactions taken together, the earliest. `nil` where it does not say.
    public var time: Timestamp?

    public init(position: Position, time: Timestamp? = nil) {
        self.position = position
        self.time = time
    }
}
