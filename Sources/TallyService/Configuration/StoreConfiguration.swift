public import TallyModel

/// A store as the configuration describes it.
public struct StoreConfiguration: Sendable, Hashable {
    public var name: String
    /// `sqlite`
    public var kind: String
    /// What the kind of store asks for, by key; paths are absolute. May hold secrets: never print it.
    public var settings: [String: String]
    /// What is shown instead of settings that came from `${…}`, by key: the text as the file has it.
    public var shown: [String: String]

    public init(name: String, kind: String, settings: [String: String], shown: [String: String] = [:]) {
        self.name = name
        self.kind = kind
        self.settings = settings
        self.shown = shown
    }

    /// The store itself. Opens nothing yet.
    ///
    /// - Parameter observer: Told of the milestones of the store's work.
    public func open(observer: MilestoneObserver? = nil) -> any Store {
        guard let kind = StoreKind.all.first(where: { $0.name == kind }) else {
            preconditionFailure("a configuration holds only kinds that this binary knows")
        }
        let store = kind.open(self, observer)
        let wording = Wording(of: self, paths: kind.settings.filter { $0.form == .path }.map(\.key))
        return wording.isPlain ? store : WordedStore(base: store, wording: wording)
    }
}
