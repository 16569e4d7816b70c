package import TallyModel

/// How a member's table fits that of the group, which has the seed's columns.
package struct GroupTableFit {
    private let group: TableSchema
    private let seed: String
    private let member: TableSchema
    /// Whether both are of one kind of store, so that their types can be held against each other.
    private let isOneKind: Bool

    /// - Parameters:
    ///   - group: The table as the group has it, and the kind of store that the seed is.
    ///   - seed: The name of the member that the group begins with.
    ///   - member: The table as the member has it, and the kind of store that it is.
    package init(_ group: (TableSchema, kind: String), seed: String, member: (TableSchema, kind: String)) {
        self.group = group.0
        self.seed = seed
        self.member = member.0
        isOneKind = group.kind == member.kind
    }

    package var findings: [Finding] {
        if let problem = keyProblem { return [problem] }
        return columnFindings + strictColumns + types
    }

    private var keyProblem: Finding? {
        let names = member.keyColumns.map(\.name)
        let groupNames = group.keyColumns.map(\.name)
        guard member.hasImplicitKey || Set(names) != Set(groupNames) else { return nil }
        let theirs = member.hasImplicitKey ? "declares no key" : "has the key (\(names.joined(separator: ", ")))"
        return Finding(
            .error,
            table: member.name,
            "the table \(theirs), and in \(seed) it has (\(groupNames.joined(separator: ", "))); one row has to have one key "
                + "everywhere",
            remedy: "give both tables the same primary key"
        )
    }

    private var missing: [String] { group.columns.map(\.name).filter { member.column(named: $0) == nil } }

    private var surplus: [Column] {
        member.columns.filter { group.column(named: $0.name) == nil && !$0.isGenerated && !$0.isHidden }
    }

    private var columnFindings: [Finding] {
        var findings: [Finding] = []
        if !missing.isEmpty {
            findings.append(
                Finding(
                    .warning,
                    table: member.name,
                    "the table lacks \(missing.joined(separator: ", ")): that is left out here, and stays as other members "
                        + "write it",
                    remedy: "add the column here to have it kept in agreement"
                )
            )
        }
        let optional = surplus.filter { $0.isNullable || $0.defaultExpression != nil }.map(\.name)
        if !optional.isEmpty {
            findings.append(
                Finding(
                    .warning,
                    table: member.name,
                    "\(seed) has no \(optional.joined(separator: ", ")): that is not part of the group, and stays as it is here",
                    remedy: "add the column in \(seed) before the group first runs to have it kept in agreement"
                )
            )
        }
        return findings
    }

    /// Columns that rows of the group cannot fill.
    private var strictColumns: [Finding] {
        var findings: [Finding] = []
        let unfilled = surplus.filter { !$0.isNullable && $0.defaultExpression == nil }.map(\.name)
        if !unfilled.isEmpty {
            findings.append(
                Finding(
                    .error,
                    table: member.name,
                    "\(unfilled.joined(separator: ", ")) is NOT NULL without a default, and rows of the group have no value "
                        + "for it",
                    remedy: "give it a default, or drop NOT NULL"
                )
            )
        }
        let keys = Set(group.keyColumns.map(\.name))
        let stricter = group.columns.filter { column in
            guard column.isNullable, !keys.contains(column.name), let place = member.column(named: column.name) else {
                return false
            }
            return !member.columns[place].isNullable
        }
        if !stricter.isEmpty {
            findings.append(
                Finding(
                    .warning,
                    table: member.name,
                    "\(stricter.map(\.name).joined(separator: ", ")) may be NULL in \(seed) and not here; such rows are refused",
                    remedy: "drop NOT NULL here"
                )
            )
        }
        return findings
    }

    private var types: [Finding] {
        guard isOneKind else { return [] }
        return group.columns.compactMap { column in
            guard let place = member.column(named: column.name) else { return nil }
            let (seeds, here) = (column.declaredType, member.columns[place].declaredType)
            guard seeds.lowercased() != here.lowercased(), !seeds.isEmpty, !here.isEmpty else { return nil }
            return Finding(
                .warning,
                table: member.name,
                "\(column.name) is of type \(seeds) in \(seed) and of \(here) here; values that it cannot hold are changed or "
                    + "refused",
                remedy: "declare the same type in both"
            )
        }
    }
}
