/// A configured place that holds data, as the registry hands it out.
public protocol Store: Sendable {
    /// `sqlite`, `postgres`, `webhook`…
    var kind: String { get }
    /// Where it is, for people; carries no secret.
    var label: String { get }
    /// The store as something to capture from; `nil` where it cannot be.
    var source: (any Source)? { get }
    /// The store as something to write to; `nil` where it cannot be.
    var target: (any Target)? { get }
}
