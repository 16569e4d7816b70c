public import TallyModel

/// What `tally check` found about one group.
public struct GroupFindings: Sendable, Hashable {
    /// One finding, and the members that it is about; none where it is about the group as such.
    public struct Item: Sendable, Hashable {
        public let members: [String]
        public let finding: Finding
    }

    public struct Member: Sendable, Hashable {
        public let name: String
        /// The name and where it is.
        public let label: String
    }

    public let group: String
    public let members: [Member]
    /// The gravest first; what is said of several members stands once.
    public let items: [Item]

    /// - Parameter found: In any order, each with the member that it is about.
    package init(group: String, members: [(name: String, label: String)], found: [(member: String?, finding: Finding)])
    {
        self.group = group
        self.members = members.map { Member(name: $0.name, label: $0.label) }
        var order: [Finding] = []
        var names: [Finding: [String]] = [:]
        for (member, finding) in found {
            if names[finding] == nil { order.append(finding) }
            names[finding, default: []] += member.map { [$0] } ?? []
        }
        let sorted = order.enumerated().sorted { left, right in
            (right.element.severity, left.offset) < (left.element.severity, right.offset)
        }
        items = sorted.map { Item(members: names[$0.element] ?? [], finding: $0.element) }
    }
}
