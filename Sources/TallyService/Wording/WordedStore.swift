import TallyModel

/// A store whose settings came from `${…}`, in part: whatever it says is put as the configuration file shows it.
struct WordedStore: Store {
    let base: any Store
    let wording: Wording

    var kind: String { base.kind }
    var label: String { wording(base.label) }
    var source: (any Source)? { base.source.map { WordedSource(base: $0, wording: wording) } }
    var target: (any Target)? { base.target.map { WordedTarget(base: $0, wording: wording) } }
}
