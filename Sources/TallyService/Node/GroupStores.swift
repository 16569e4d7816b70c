import TallyEngine
import TallyGroup
import TallyModel

extension GroupSettings {
    /// The group's members as the configuration opens them.
    ///
    /// - Throws: ``NodeFailure`` where a store can be no member.
    func stores(in configuration: Configuration, observer: MilestoneObserver? = nil) throws -> [MemberStore] {
        try members.map { name in
            let store = try FlowStores.store(name, in: configuration, observer: observer)
            guard let source = store.source, let target = store.target else {
                throw NodeFailure(
                    exitCode: 2,
                    message: "store \(name): a \(store.kind) store can be no member of a group"
                )
            }
            return MemberStore(
                name: name,
                label: "\(name) (\(store.label))",
                kind: store.kind,
                source: source,
                target: target
            )
        }
    }
}
