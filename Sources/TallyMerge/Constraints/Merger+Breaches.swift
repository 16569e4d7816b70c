public import TallyModel

/// Whether what members find against rows is so.
extension Merger {
    /// What the group can say of a breach that a member found.
    public enum Standing: Sendable, Hashable {
        /// It is one.
        case holds
        /// It is none any more: what it was about has been written since.
        case passed
        /// The member holds rows of which the group has not heard.
        case unheard
    }

    /// Whether breaches are some, as far as the group can tell: by the rows' values, or, where these are not what counts, as
    /// long as neither row was written since the member had been brought to `end`.
    ///
    /// - Parameter found: Each with, for foreign keys, what the member's row has in the columns.
    public func standings(
        of found: [(breach: Breach, values: Row?)],
        seenAt end: UInt64,
        in memory: inout some GroupMemory
    ) throws -> [Standing] {
        var brought = Brought(after: end)
        return try found.map { try standing(of: $0.breach, $0.values, &brought, &memory) }
    }

    /// The rows that members are to be brought after a sequence, by table.
    private struct Brought {
        let end: UInt64
        private var tables: [Int: NamedRows] = [:]

        init(after end: UInt64) {
            self.end = end
        }

        /// Whether one of them has what is named.
        mutating func have(
            _ named: Row,
            in referenced: Referenced,
            _ merger: Merger,
            _ memory: inout some GroupMemory
        ) throws -> Bool {
            let rows =
                try tables[referenced.table] ?? NamedRows(Set(memory.rows(of: referenced.table, writtenAfter: end)))
            tables[referenced.table] = rows
            return try tables[referenced.table]?.have(named, in: referenced, merger, &memory) ?? false
        }
    }

    private func standing(
        of breach: Breach,
        _ values: Row?,
        _ brought: inout Brought,
        _ memory: inout some GroupMemory
    ) throws -> Standing {
        if try holds(breach, values, &brought, &memory) { return .holds }
        for id in breach.rows {
            if let version = try memory.latest(of: id), version.sequence > brought.end { return .passed }
        }
        guard case .reference(_, let referenced) = breach.rule, let values else { return .unheard }
        return try brought.have(values, in: referenced, self, &memory) ? .passed : .unheard
    }

    private func holds(
        _ breach: Breach,
        _ values: Row?,
        _ brought: inout Brought,
        _ memory: inout some GroupMemory
    ) throws -> Bool {
        guard let version = try memory.latest(of: breach.row),
            let mine = try outcome(of: version.state, breach.row).row
        else { return false }
        switch breach.rule {
        case .row: return true
        case .unique(let terms, let other):
            guard let rival = try memory.latest(of: other) else { return false }
            if terms.isEmpty { return max(version.sequence, rival.sequence) <= brought.end }
            guard let theirs = try shown(rival, other) else { return false }
            // What members are brought in the place of what it comes to may clash as well.
            return try terms.clash(mine, theirs) || shown(version, breach.row).map { terms.clash($0, theirs) } ?? false
        case .parent(let columns, let parent):
            guard try row(parent, in: &memory) == nil else { return false }
            return try Self.names(parent, mine, columns)
                || shown(version, breach.row).map { try Self.names(parent, $0, columns) } ?? false
        case .reference(let columns, let referenced):
            guard let values, Self.mayBeSame(mine.picking(columns), values) else { return false }
            return try !brought.have(values, in: referenced, self, &memory)
        }
    }

    /// Whether a row has the key of another one in some columns, which are in the order of that key.
    static func names(_ parent: RowID, _ row: Row, _ columns: [Int]) throws -> Bool {
        mayBeSame(row.picking(columns), try KeyCoding.decode(parent.key))
    }
}
