public import TallyModel

extension Merger {
    /// What members are brought of a row; `nil` where it is not there.
    public func row(_ id: RowID, in memory: inout some GroupMemory) throws -> Row? {
        try memory.latest(of: id).map { try shown($0, id) } ?? nil
    }

    /// What members were brought of a row as of a sequence; `nil` where it was not there.
    public func row(_ id: RowID, at sequence: UInt64, in memory: inout some GroupMemory) throws -> Row? {
        try memory.version(of: id, upTo: sequence).map { try shown($0, id) } ?? nil
    }

    /// Holds a row that a member was found with against what its log let expect.
    ///
    /// - Returns: Also, where the member wrote the row, what its former self had written there of which nobody can tell whether
    ///   the row has it: a copy from which the member was restored may have been made before it or after.
    mutating func compare(
        _ found: Row?,
        _ id: RowID,
        of member: Actor,
        formerly former: Set<Actor>,
        base: UInt64,
        _ standing: CapturedTransaction.Standing,
        _ memory: inout some GroupMemory
    ) throws -> (finding: Comparison.Finding, earlier: [RowWrite]) {
        let current = try row(id, in: &memory)
        if isSame(current, found, in: id.table) { return (.same, []) }
        if standing == .new { return (found == nil ? .stale : .written, []) }
        let sight = try sight(of: member, at: base, &memory)
        let expected = try look(at: id, member, sight, standing, &memory).before
        if isSame(expected, found, in: id.table) { return (.stale, []) }
        // A copy from which a member was restored may hold some of what it wrote after it was brought to the base.
        var written: [UInt64] = []
        try memory.trace(id) { version in
            if version.sequence <= base { return true }
            if former.contains(version.author) { written.append(version.sequence) }
            return false
        }
        var earlier: [RowWrite] = []
        for sequence in written.reversed() {
            guard let version = try memory.version(of: id, upTo: sequence) else { continue }
            let image = try version.authored.map(\.row) ?? shown(version, id)
            if isSame(image, found, in: id.table) { return (.stale, []) }
            // What was written by one who had been brought further cannot be in a copy that had not.
            guard version.base <= base else { continue }
            earlier += version.state.writes.filter { $0.stamp.dot == version.dot }
        }
        return (.written, earlier)
    }

    /// Whether two rows of a table say the same.
    public func isSame(_ left: Row?, _ right: Row?, in table: Int) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return tables[table].kinds.indices.allSatisfy { column in
            let (one, other) = (
                column < left.values.count ? left[column] : nil, column < right.values.count ? right[column] : nil
            )
            return tables[table].kinds[column].isSame(one, other)
        }
    }
}
