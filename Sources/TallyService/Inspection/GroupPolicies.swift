package import TallyGroup
import TallyMerge
package import TallyModel
import TallyTransform

/// Whether what a group's configuration says about merging one table fits the table.
package struct GroupPolicies {
    private let settings: GroupTableSettings
    private let schema: TableSchema
    private let kind: String

    /// - Parameters:
    ///   - schema: The table as the seed has it.
    ///   - kind: The kind of store that the seed is.
    package init(_ settings: GroupTableSettings, _ schema: TableSchema, kind: String) {
        self.settings = settings
        self.schema = schema
        self.kind = kind
    }

    package var findings: [Finding] {
        settings.columns.sorted { $0.key < $1.key }.flatMap { about($0.key, $0.value) } + aboutOthers
    }

    private func about(_ name: String, _ policy: PolicySetting) -> [Finding] {
        guard let place = schema.column(named: name) else {
            let nearest = nearestName(to: name, in: schema.columns.lazy.filter { !$0.isHidden }.map(\.name))
            return [
                finding(
                    .error,
                    "`merge` names the column \(name), which the table has not",
                    nearest.map { "did you mean \($0)?" } ?? "correct the name, or take the line out"
                )
            ]
        }
        let column = schema.columns[place]
        if schema.key.contains(place) {
            return [
                finding(
                    .warning,
                    "\(name) is part of the key, which tells rows apart and is never merged",
                    "take \(name) out of `merge`"
                )
            ]
        }
        if column.isGenerated {
            return [
                finding(
                    .warning,
                    "\(name) is computed by the store and not part of the group",
                    "take \(name) out of `merge`"
                )
            ]
        }
        return misfit(column, policy) + expression(policy, of: name)
    }

    private func misfit(_ column: Column, _ policy: PolicySetting) -> [Finding] {
        let family = ValueFamily(of: column, kind: kind)
        guard let problem = PolicyFit(policy, family).problem else { return [] }
        return [
            finding(
                .error,
                "\(column.name) is of type \(column.declaredType), and \(problem)",
                "write one that fits: \(PolicyFit.fitting(family).joined(separator: ", "))"
            )
        ]
    }

    private func expression(_ policy: PolicySetting, of column: String) -> [Finding] {
        guard case .policy(.expression(let expression)) = policy,
            let problem = SQLMergeExpressions.problem(with: expression)
        else { return [] }
        return [
            finding(
                .error,
                "\(column): «\(expression)» does not compile: \(problem)",
                "write SQL over base, current and incoming that gives the same for the same, such as "
                    + "max(current, incoming)"
            )
        ]
    }

    /// The policy for all columns that are not named.
    private var aboutOthers: [Finding] {
        let others = schema.columns.indices.filter { place in
            let column = schema.columns[place]
            return !schema.key.contains(place) && !column.isGenerated && settings.columns[column.name] == nil
        }
        return others.flatMap { misfit(schema.columns[$0], settings.other) } + expression(settings.other, of: "*")
    }

    private func finding(_ severity: Finding.Severity, _ message: String, _ remedy: String) -> Finding {
        Finding(severity, table: schema.name, message, remedy: remedy)
    }
}
