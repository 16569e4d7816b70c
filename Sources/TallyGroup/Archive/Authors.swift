import TallyLedger
import TallyMerge

/// The names of those who wrote a group's rows, by all the numbers that they have gone by.
struct Authors {
    /// What the node is called, which writes what people decide.
    static let node = "tally"

    private let known: [(actor: Actor, member: String)]

    init(of ledger: GroupLedger) throws {
        known = try ledger.authors()
    }

    func name(of actor: Actor) -> String {
        if actor == .node { return Self.node }
        return known.first { $0.actor == actor }?.member ?? "member \(actor.number)"
    }

    /// All numbers of a name; none where nobody has it.
    func actors(named name: String) -> [Actor] {
        let actors = known.filter { $0.member == name }.map(\.actor)
        return actors.isEmpty && name == Self.node ? [.node] : actors
    }

    /// All numbers by the names of members.
    var byName: [String: [Actor]] {
        Dictionary(grouping: known, by: \.member).mapValues { $0.map(\.actor) }
    }

    /// The names of members, each once, in the order in which they came.
    var names: [String] {
        var names: [String] = []
        for author in known where !names.contains(author.member) { names.append(author.member) }
        return names
    }
}
