public import TallyEngine

/// A flow as the configuration describes it: what it does, and between which stores.
public struct FlowConfiguration: Sendable, Hashable {
    /// The name of the store that changes are captured from.
    public var from: String
    /// The name of the store that they are applied to.
    public var to: String
    public var settings: FlowSettings

    public init(from: String, to: String, settings: FlowSettings) {
        self.from = from
        self.to = to
        self.settings = settings
    }
}
