import TallyEngine
package import TallyGroup
package import TallyModel
import TallyTransform

/// Finds ways by which what a group writes comes back to it: from a member over flows and other groups to a member.
///
/// Names are compared, not stores: nothing is opened.
package struct GroupLoops {
    package struct Loop: Sendable, Hashable {
        package var group: String
        package var table: TableName
        /// The flows and groups on the way, in order.
        package var path: [String]

        var finding: Finding {
            let words = path.count == 1 ? "\(path[0]) brings" : "\(path.joined(separator: ", then ")) bring"
            return Finding(
                .error,
                table: table,
                "\(words) the table from a member to a member, which the group does itself: each would take the other's "
                    + "writes for new ones",
                remedy:
                    "leave the table out of \(path.count == 1 ? path[0] : "one of them"): tables: [\"*\", \"!\(table)\"]"
            )
        }
    }

    private struct Place: Hashable {
        var store: String
        var table: TableName
    }

    private let configuration: Configuration
    /// For each store's name, what tells its place apart from others.
    private let places: [String: String]

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        places = Dictionary(configuration.stores.map { ($0.name, $0.place) }) { first, _ in first }
    }

    /// The shortest loop of each table of a group.
    package func loops(of group: GroupSettings) -> [Loop] {
        group.tables.compactMap { shortest(for: $0.name, of: group) }
    }

    /// Members that are one store under two names.
    package func doubles(in group: GroupSettings) -> [Finding] {
        Dictionary(grouping: group.members) { places[$0] ?? $0 }.values.filter { $0.count > 1 }.map { names in
            Finding(
                .error,
                "\(names.joined(separator: " and ")) are one store; a member is named once",
                remedy: "take all but one out of `members`"
            )
        }
        .sorted { $0.message < $1.message }
    }

    /// What keeps the groups from running: loops, and members that are one store.
    package var problems: [(group: String, finding: Finding)] {
        configuration.groups.flatMap { group in
            (doubles(in: group) + loops(of: group).map(\.finding)).map { (group.name, $0) }
        }
    }

    private func shortest(for table: TableName, of group: GroupSettings) -> Loop? {
        let members = Set(group.members.map { places[$0] ?? $0 })
        var known: Set<Place> = []
        var paths: [(place: Place, path: [String])] = group.members.map {
            (Place(store: places[$0] ?? $0, table: table), [])
        }
        while !paths.isEmpty {
            var next: [(Place, [String])] = []
            for (place, path) in paths {
                for (step, name) in steps(from: place, besides: [group.name] + path) where known.insert(step).inserted {
                    if members.contains(step.store), step.table == table {
                        return Loop(group: group.name, table: table, path: path + [name])
                    }
                    next.append((step, path + [name]))
                }
            }
            paths = next
        }
        return nil
    }

    /// Where rows of a table go on to from a store, and by what. What a group brought to a member it does not bring back.
    private func steps(from place: Place, besides known: [String]) -> [(Place, String)] {
        let flows = configuration.flows.filter { flow in
            places[flow.from] == place.store && flow.settings.tables.contains(place.table)
        }
        let byFlows = flows.map { flow in
            let renamed = flow.settings.transforms[place.table]?.table.map { TableName($0) }
            return (
                Place(store: places[flow.to] ?? flow.to, table: renamed ?? place.table), "flow \(flow.settings.name)"
            )
        }
        let groups = configuration.groups.filter { other in
            !known.contains(other.name) && !known.contains("group \(other.name)")
                && other.tables.contains { $0.name == place.table }
                && other.members.contains { places[$0] == place.store }
        }
        return byFlows
            + groups.flatMap { other in
                other.members.filter { places[$0] != place.store }.map { member in
                    (Place(store: places[member] ?? member, table: place.table), "group \(other.name)")
                }
            }
    }
}
