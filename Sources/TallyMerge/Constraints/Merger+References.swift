import TallyModel

/// Rows that others name by other columns than their key.
///
/// There may be as many of the ones as of the others, so those are looked up by what they have in these columns.
extension Merger {
    /// What members are brought of some rows, by what the rows have in the columns that foreign keys refer to.
    struct NamedRows {
        private let ids: Set<RowID>
        private var indexes: [ReferencedColumns: ValueIndex<Void>] = [:]

        init(_ ids: Set<RowID>) {
            self.ids = ids
        }

        /// Whether one of the rows has what is named.
        mutating func have(
            _ named: Row,
            in referenced: Referenced,
            _ merger: Merger,
            _ memory: inout some GroupMemory
        ) throws -> Bool {
            if ids.isEmpty { return false }
            let place = ReferencedColumns(referenced)
            if indexes[place] == nil {
                var index = ValueIndex<Void>()
                for id in ids where id.table == place.table {
                    if let row = try merger.row(id, in: &memory) { index.add(row.picking(place.columns), ()) }
                }
                indexes[place] = index
            }
            return indexes[place]?.contains(named) ?? false
        }
    }

    /// Whether a row has what is named.
    func has(
        _ id: RowID,
        _ named: Row,
        in referenced: Referenced,
        _ memory: inout some GroupMemory
    ) throws -> Bool {
        var row = NamedRows([id])
        return try row.have(named, in: referenced, self, &memory)
    }

    /// Whether values may be the same for a member, whose columns may not tell upper case from lower, or heed spaces at the
    /// end: what is let try in vain is only tried.
    static func mayBeSame(_ left: Row, _ right: Row) -> Bool {
        left.values.count == right.values.count
            && zip(left.values, right.values).allSatisfy { left, right in
                guard let left, let right, left != .null, right != .null else { return false }
                if ColumnKind.mixed.isSame(left, right) { return true }
                guard let left = left.characters, let right = right.characters else { return false }
                return left.generouslyFolded == right.generouslyFolded
            }
    }

    /// The last write that gave a row what it has in some columns.
    static func naming(_ row: Row, _ columns: [Int], in state: RowState) -> RowWrite? {
        state.writes.last { write in
            write.edits.contains { columns.contains($0.column) && mayBeSame(Row([$0.after]), Row([row[$0.column]])) }
        } ?? claim(on: columns, in: state)
    }

    // MARK: Who had what is named

    /// What a row names, and as of when.
    private struct Sought {
        /// The place of what was found.
        var place: Int
        /// The sequence that its author had been brought to.
        var base: UInt64
        /// Whether the member has said who had it.
        var isTold: Bool
    }

    /// What a row has, or had, in columns that others refer to.
    private struct FormerValues {
        var id: RowID
        var values: Row
        /// The sequence up to which members were brought it.
        var until: UInt64
        /// Whether somebody gave the row these values and nobody who knew them took them away: merging did.
        var isLost: Bool
    }

    /// Notes which row had what is named when that was written, or was given it since, and has been written since: first of all
    /// one that lost it by merging, then the one that the member names.
    func noteFormer(of found: inout [Breach], _ memory: inout some GroupMemory) throws {
        var sought: [ReferencedColumns: ValueIndex<Sought>] = [:]
        for place in found.indices {
            guard case .reference(let columns, let referenced) = found[place].rule,
                let version = try memory.latest(of: found[place].row),
                let row = try outcome(of: version.state, found[place].row).row
            else { continue }
            let write = Self.naming(row, columns, in: version.state)
            let base = try base(of: write, on: found[place].row, version, &memory)
            sought[ReferencedColumns(referenced), default: ValueIndex()].add(
                row.picking(columns),
                Sought(place: place, base: base, isTold: referenced.former != nil)
            )
        }
        for (place, var wanted) in sought {
            guard let least = wanted.contents.map(\.base).min() else { continue }
            let former = try memory.rows(of: place.table, writtenAfter: least).flatMap { id in
                try valuesEver(of: id, place.columns, backTo: least, &memory)
            }
            for former in former.filter(\.isLost) + former {
                let isSought = { (sought: Sought) in
                    sought.base < former.until && (former.isLost || !sought.isTold)
                }
                for sought in wanted.take(former.values, where: isSought) {
                    found[sought.place].rule.note(former: former.id)
                }
            }
        }
    }

    /// Whether one of a row's writes gave it what is named and none that knew of that took it away: what it has come to
    /// nobody meant.
    func isLostByMerging(_ named: Row, in columns: [Int], of version: RowVersion) -> Bool {
        let writes = version.state.writes
        let givers = writes.filter { write in
            let given = write.edits.filter { columns.contains($0.column) }
            return !given.isEmpty
                && given.allSatisfy { edit in
                    zip(columns, named.values).contains {
                        $0 == edit.column && Self.mayBeSame(Row([edit.after]), Row([$1]))
                    }
                }
        }
        return givers.contains { giver in
            !writes.contains { write in
                write.stamp.dominates(giver.stamp)
                    && (write.kind == .delete || write.edits.contains { columns.contains($0.column) })
            }
        }
    }

    /// The sequence that the author of a row's write had been brought to, as far back as the ledger tells.
    private func base(
        of write: RowWrite?,
        on id: RowID,
        _ latest: RowVersion,
        _ memory: inout some GroupMemory
    ) throws -> UInt64 {
        guard let write else { return latest.base }
        return try version(of: id, from: latest, made: write, &memory).base
    }

    /// The version that a row's write made, or the first one that the ledger tells of.
    func version(
        of id: RowID,
        from latest: RowVersion,
        made write: RowWrite,
        _ memory: inout some GroupMemory
    ) throws -> RowVersion {
        var version = latest
        while version.dot != write.stamp.dot {
            guard version.sequence > 0, let earlier = try memory.version(of: id, upTo: version.sequence - 1) else {
                break
            }
            version = earlier
        }
        return version
    }

    /// What members were brought in some columns of a row at `sequence` and since, and what was written there.
    private func valuesEver(
        of id: RowID,
        _ columns: [Int],
        backTo sequence: UInt64,
        _ memory: inout some GroupMemory
    ) throws -> [FormerValues] {
        guard let latest = try memory.latest(of: id) else { return [] }
        var values: [FormerValues] = []
        var until = UInt64.max
        var next: RowVersion? = latest
        while let version = next {
            if let row = try shown(version, id) {
                values.append(FormerValues(id: id, values: row.picking(columns), until: until, isLost: false))
            }
            if version.sequence <= max(sequence, 1) { break }
            until = version.sequence
            next = try memory.version(of: id, upTo: version.sequence - 1)
        }
        // What another's write took away at once was never shown.
        let now = try shown(latest, id)
        for write in latest.state.writes where write.edits.contains(where: { columns.contains($0.column) }) {
            for row in [now, latest.state.base] {
                var given = row?.picking(columns) ?? Row([Value?](repeating: nil, count: columns.count))
                for edit in write.edits {
                    if let place = columns.firstIndex(of: edit.column) { given[place] = edit.after }
                }
                let isThere = now.map { Self.mayBeSame($0.picking(columns), given) } ?? false
                let isLost = !isThere && isLostByMerging(given, in: columns, of: latest)
                values.append(FormerValues(id: id, values: given, until: .max, isLost: isLost))
            }
        }
        return values
    }
}

extension Breach.Rule {
    fileprivate mutating func note(former: RowID) {
        guard case .reference(let columns, var referenced) = self else { return }
        referenced.former = former
        self = .reference(columns, referenced)
    }
}
