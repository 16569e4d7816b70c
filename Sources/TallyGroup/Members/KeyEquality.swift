package import TallyModel

/// Whether a member takes the same keys for one as the group does: where it takes more of them for one, it cannot hold the
/// group's rows; where it takes fewer, it holds rows that the group cannot.
package struct KeyEquality {
    private let group: TableSchema
    private let seed: String
    /// Whether all members are SQLite files, whose collations Tally knows.
    private let isKnown: Bool

    /// - Parameters:
    ///   - group: The table as the group has it.
    ///   - seed: The name of the member that the group begins with.
    ///   - kinds: The kinds of store that members are.
    package init(_ group: TableSchema, seed: String, kinds: Set<String>) {
        self.group = group
        self.seed = seed
        isKnown = kinds == ["sqlite"]
    }

    /// By the columns' names, the collations of a SQLite table's key that take different texts for equal.
    package static func collations(of table: TableSchema) -> [String: String] {
        let columns = table.keyColumns.compactMap { column in
            column.collation.map { (column.name, "COLLATE \($0)") }
        }
        return Dictionary(columns) { first, _ in first }
    }

    /// What stands in the way of a member; `nil` where nothing does.
    ///
    /// - Parameter member: What makes its key columns take different texts for equal, by their names.
    package func problem(with member: [String: String]) -> (message: String, remedy: String)? {
        let groups = isKnown ? Self.collations(of: group) : [:]
        for name in group.keyColumns.map(\.name) {
            let (here, there) = (member[name], groups[name])
            if here?.uppercased() == there?.uppercased() { continue }
            guard let here else {
                return (
                    "the key \(name) tells texts apart that \(seed) takes for one (\(there ?? "")), so that rows here would "
                        + "have no place in the group",
                    "make the table anew with the same collation of \(name) in every member"
                )
            }
            return (
                "the key \(name) takes texts for one that the group tells apart (\(here)), such as 'A' and 'a': rows of "
                    + "other members would have no place here",
                "make the table anew with a key that tells texts apart by their bytes\(advice(here)), and keep the other rule "
                    + "by a unique index on lower(\(name)) in every member"
            )
        }
        return nil
    }

    private func advice(_ here: String) -> String {
        if here.hasPrefix("COLLATE") { return " (COLLATE BINARY)" }
        return here.hasPrefix("type") ? " (type text)" : " (a deterministic collation)"
    }
}
