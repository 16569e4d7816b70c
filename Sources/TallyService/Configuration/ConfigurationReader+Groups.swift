import TallyEngine
import TallyGroup
import TallyMerge
import TallyModel
import TallyTransform

extension ConfigurationReader {
    func groups(in root: Section, stores: [NamedStore], flows: [FlowConfiguration]) -> [GroupSettings] {
        guard let sections = root.sections("groups") else { return [] }
        if sections.isEmpty, !root.hasItems("groups") {
            report("is empty; write a group, or leave the key out", at: root.place(of: "groups"))
        }
        var places: [String: Place] = [:]
        return sections.compactMap { section in
            let name = section.required("name", "write a name: what `tally status` and the other commands call it by")
            if let name {
                checkName(name.text, "a group", at: name.place, shown: name.written)
                if let first = places[name.text] {
                    report("line \(first.line) has a group of that name too; every group needs its own", at: name.place)
                }
                if flows.contains(where: { $0.settings.name == name.text }) {
                    report("a flow has that name too; flows and groups share one set of names", at: name.place)
                }
                places[name.text] = name.place
            }
            return group(section, name: name?.text ?? "", stores: stores)
        }
    }

    private func group(_ section: Section, name: String, stores: [NamedStore]) -> GroupSettings? {
        let members = members(in: section, stores)
        let names = members.map(\.text)
        var seed = names.first ?? ""
        if let word = section.required("seed", "write the member whose rows the group begins with") {
            seed = word.text
            if !names.contains(word.text) {
                report(
                    "“\(word.written)” is no member; the members are \(names.joined(separator: ", "))",
                    at: word.place
                )
            }
        }
        var settings = GroupSettings(name: name, members: names, seed: seed, tables: tables(in: section, names))
        if let create = section.word("create", CreateTables.self) { settings.createsMissing = create == .missing }
        if let skew = duration("skew", in: section) { settings.skew = skew }
        if let retention = duration("retention", in: section) { settings.retention = retention }
        settings.lag = duration("lag", in: section)
        section.finish()
        return names.count > 1 ? settings : nil
    }

    private enum CreateTables: String, CaseIterable {
        case missing, never
    }

    private func members(in section: Section, _ stores: [NamedStore]) -> [Scalar] {
        guard let members = section.list("members") else {
            report(
                "is missing; name the stores that the group keeps in agreement",
                at: section.place.appending("members")
            )
            return []
        }
        if members.count < 2 {
            report("a group needs two members or more", at: section.place(of: "members"))
        }
        var seen: Set<String> = []
        for member in members {
            if !seen.insert(member.text).inserted {
                report("“\(member.written)” is named twice", at: member.place)
            }
            guard !stores.contains(where: { $0.name == member.text }) else { continue }
            let known = stores.map(\.name)
            let nearest = member.isInterpolated ? nil : nearestName(to: member.text, in: known)
            let hint = nearest.map { "did you mean “\($0)”?" } ?? "the stores are \(known.joined(separator: ", "))"
            report("there is no store “\(member.written)”; \(hint)", at: member.place)
        }
        return members
    }

    // MARK: Tables

    func tables(in section: Section, _ members: [String]) -> [GroupTableSettings] {
        guard section.has("tables"), let tables = section.section("tables") else {
            report(
                "is missing; name the tables, each with how its rows merge: carts: {}",
                at: section.place.appending("tables")
            )
            return []
        }
        if tables.names.isEmpty { report("is empty; name at least one table", at: tables.place) }
        return tables.names.map { name in
            var settings = GroupTableSettings(name: TableName(configured: name))
            guard tables.has(name), let table = tables.section(name) else { return settings }
            if let merge = table.section("merge") {
                for column in merge.names {
                    guard let policy = policy(of: column, in: merge, members) else { continue }
                    if column == "*" { settings.other = policy } else { settings.columns[column] = policy }
                }
                merge.finish()
            }
            if let delete = table.word("delete", DeletePolicy.self) { settings.delete = delete }
            table.finish()
            return settings
        }
    }

    /// The policies that are one word.
    private enum PolicyWord: String, CaseIterable {
        case latest, earliest, greatest, least, counter, set, map, text, manual

        var policy: ColumnPolicy {
            switch self {
            case .latest: .latest
            case .earliest: .earliest
            case .greatest: .greatest
            case .least: .least
            case .counter: .counter
            case .set: .set
            case .map: .map
            case .text: .text
            case .manual: .manual
            }
        }
    }

    private func policy(of column: String, in merge: Section, _ members: [String]) -> PolicySetting? {
        guard merge.isMapping(column) else {
            return merge.word(column, PolicyWord.self).map { .policy($0.policy) }
        }
        guard let section = merge.section(column) else { return nil }
        defer { section.finish() }
        if let preferred = section.list("prefer") {
            for name in preferred where !members.contains(name.text) {
                report(
                    "“\(name.written)” is no member; the members are \(members.joined(separator: ", "))",
                    at: name.place
                )
            }
            return .prefer(preferred.map(\.text))
        }
        if let sql = section.scalar("sql") { return .policy(.expression(sql.text)) }
        report("write a policy's name, { prefer: [MEMBER, …] } or { sql: \"EXPRESSION\" }", at: section.place)
        return nil
    }
}

extension TableName {
    /// A table as a configuration names it: the schema that every store has anyway may be written or not.
    init(configured name: String) {
        let parts = name.split(separator: ".", maxSplits: 1)
        if parts.count == 2, parts[0] != "public", parts[0] != "main" {
            self.init(String(parts[1]), schema: String(parts[0]))
        } else {
            self.init(String(parts.last ?? ""))
        }
    }
}
