import TallyGroup

/// Answers what people ask about the past of groups, from the files of their ledgers, whether they run or not.
struct ConflictDesk {
    let configuration: Configuration

    func conflicts(_ selection: ConflictSelection) async throws(ControlError) -> [ConflictDetail] {
        let query = try selection.query()
        var archives = try self.archives(selection.group)
        return try await ControlError.wrapping {
            // In all groups, what one of them lacks is no mistake as long as another has it.
            if archives.count > 1, let table = query.table {
                var having: [GroupArchive] = []
                for archive in archives where try await archive.hasTable(table) { having.append(archive) }
                if !having.isEmpty { archives = having }
            }
            if archives.count > 1, let member = query.member {
                let having = archives.filter { $0.settings.members.contains(member) }
                if !having.isEmpty { archives = having }
            }
            var found: [ConflictDetail] = []
            for archive in archives {
                let group = archive.settings.name
                found += try await archive.conflicts(query).map { ConflictDetail($0, group: group) }
            }
            return found
        }
    }

    /// The one conflict with an id.
    func conflict(_ id: Int64, _ group: String?) async throws(ControlError) -> ConflictDetail {
        let archives = try self.archives(group)
        let found = try await ControlError.wrapping {
            var found: [ConflictDetail] = []
            for archive in archives {
                if let conflict = try await archive.conflict(id) {
                    found.append(ConflictDetail(conflict, group: archive.settings.name))
                }
            }
            return found
        }
        guard let first = found.first else {
            let place = archives.count == 1 ? "group \(archives[0].settings.name) has no" : "no group has a"
            throw ControlError(
                .notFound,
                "\(place) conflict \(id); `tally conflicts list` shows those there are"
            )
        }
        guard found.count == 1 else {
            let names = found.map(\.group).joined(separator: " and ")
            throw ControlError(.invalid, "there is a conflict \(id) in each of \(names); say which with --group")
        }
        return first
    }

    func history(table: String, key: String, group: String?) async throws(ControlError) -> HistoryDetail {
        let archive = try await archive(of: table, group)
        return try await ControlError.wrapping {
            HistoryDetail(try await archive.history(of: table, key: key), group: archive.settings.name)
        }
    }

    /// The settings of a group by name.
    func settings(of group: String) throws(ControlError) -> GroupSettings {
        guard let settings = configuration.groups.first(where: { $0.name == group }) else {
            throw ControlError(.notFound, "there is no group \(group); \(groupNames)")
        }
        return settings
    }

    /// The archives that a person means: of one group, or of all.
    func archives(_ group: String?) throws(ControlError) -> [GroupArchive] {
        let wanted = try group.map { (name) throws(ControlError) in [try settings(of: name)] } ?? configuration.groups
        guard !wanted.isEmpty else {
            throw ControlError(.notFound, "\(configuration.path) has no groups; conflicts are of groups")
        }
        let expressions = SQLMergeExpressions()
        return wanted.map { settings in
            GroupArchive(
                settings,
                ledgerPath: configuration.ledgerPath(ofGroup: settings.name),
                expressions: expressions
            )
        }
    }

    private func archive(of table: String, _ group: String?) async throws(ControlError) -> GroupArchive {
        let archives = try self.archives(group)
        guard archives.count > 1 else { return archives[0] }
        let having = try await ControlError.wrapping {
            var having: [GroupArchive] = []
            for archive in archives where try await archive.hasTable(table) { having.append(archive) }
            return having
        }
        guard let first = having.first else {
            throw ControlError(.notFound, "no group has a table \(table)")
        }
        guard having.count == 1 else {
            let names = having.map(\.settings.name).joined(separator: " and ")
            throw ControlError(.invalid, "table \(table) is in each of \(names); say which with --group")
        }
        return first
    }

    private var groupNames: String {
        configuration.groups.isEmpty
            ? "\(configuration.path) has none"
            : "groups: \(configuration.groups.map(\.name).joined(separator: ", "))"
    }
}
