import TallyEngine
import TallyModel

/// The two stores of a flow, each in the part it plays.
struct FlowStores {
    let source: (any Source, label: String)
    let target: (any Target, label: String)

    /// - Throws: ``NodeFailure`` where a store cannot play its part.
    init(_ flow: FlowConfiguration, in configuration: Configuration, observer: MilestoneObserver? = nil) throws {
        let from = try Self.store(flow.from, in: configuration, observer: observer)
        let to = try Self.store(flow.to, in: configuration, observer: observer)
        guard let source = from.source else {
            throw NodeFailure(exitCode: 2, message: "store \(flow.from): a \(from.kind) store cannot be captured from")
        }
        guard let target = to.target else {
            throw NodeFailure(exitCode: 2, message: "store \(flow.to): a \(to.kind) store cannot be written to")
        }
        self.source = (source, "\(flow.from) (\(from.label))")
        self.target = (target, "\(flow.to) (\(to.label))")
    }

    static func store(
        _ name: String,
        in configuration: Configuration,
        observer: MilestoneObserver?
    ) throws -> any Store {
        guard let store = configuration.stores.first(where: { $0.name == name }) else {
            throw NodeFailure(exitCode: 2, message: "there is no store \(name)")
        }
        return store.open(observer: observer)
    }
}
