package import TallyMerge

/// A group's ledger in memory: what deciding needs, and what members are due.
package struct InMemoryGroupMemory: GroupMemory, Sendable {
    package struct Kept: Sendable {
        package var version: RowVersion
        package var isNew: Bool
    }

    package private(set) var versions: [RowID: [Kept]] = [:]
    package private(set) var entries: [Entry] = []
    /// The entries by numbers that no entry of another copy of the ledger has.
    package private(set) var lineage: [Int] = []
    /// Members that were taken up though another copy of the ledger had brought them further.
    package var claims: Set<Int> = []
    /// The number of the next entry.
    package var nextMark = 0
    package private(set) var conflicts: [Conflict] = []
    /// The rows of each entry, in order.
    private var written: [[RowID]] = [[]]
    /// How many of a row's versions are no longer known.
    private var forgotten: [RowID: Int] = [:]

    package init() {}

    // MARK: Deciding

    package func latest(of row: RowID) -> RowVersion? { known(row).last?.version }

    package func version(of row: RowID, upTo sequence: UInt64) -> RowVersion? {
        known(row).last { $0.version.sequence <= sequence }?.version
    }

    private func known(_ row: RowID) -> ArraySlice<Kept> { versions[row]?.dropFirst(forgotten[row] ?? 0) ?? [] }

    package func trace(_ row: RowID, until isEnough: (VersionTrace) -> Bool) {
        for kept in known(row).reversed() {
            let version = kept.version
            let trace = VersionTrace(
                sequence: version.sequence,
                author: version.dot.actor,
                base: version.base,
                returns: version.returns,
                isFound: version.isFound
            )
            if isEnough(trace) { return }
        }
    }

    package func sight(at sequence: UInt64) -> Sight {
        sequence == 0 ? Sight() : entries[Int(sequence) - 1].sight
    }

    package func rows(of table: Int) -> [RowID] {
        versions.keys.filter { $0.table == table }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    package func rows(of table: Int, writtenAfter sequence: UInt64) -> [RowID] {
        rows(of: table).filter { known($0).last.map { $0.version.sequence > sequence } ?? false }
    }

    package mutating func keep(_ version: RowVersion, of row: RowID, isNew: Bool) {
        versions[row, default: []].append(Kept(version: version, isNew: isNew))
        written[entries.count].append(row)
    }

    package mutating func keep(_ entry: Entry) {
        entries.append(entry)
        lineage.append(nextMark)
        nextMark += 1
        written.append([])
    }

    package mutating func keep(_ conflict: Conflict) {
        conflicts.append(conflict)
    }

    // MARK: What members are due

    package var head: UInt64 { UInt64(entries.count) }

    /// The rows that bring a member from one sequence to another.
    ///
    /// - Parameter isHeld: Whether the member has a row as of a sequence anyway.
    package func due(
        for member: Actor,
        after start: UInt64,
        upTo end: UInt64,
        isHeld: (RowID, UInt64) -> Bool
    ) -> [RowID] {
        var rows: [RowID] = []
        for sequence in start..<end {
            for row in written[Int(sequence)] where !rows.contains(row) {
                let isWanted = versions[row]!.contains { kept in
                    let version = kept.version
                    return version.sequence > start && version.sequence <= end
                        && (version.dot.actor != member || version.returns) && !isHeld(row, version.sequence)
                }
                if isWanted { rows.append(row) }
            }
        }
        return rows
    }

    /// Forgets a row, as if nobody had ever written it: what a ledger must not do too early.
    package mutating func forget(_ row: RowID) {
        forgotten[row] = versions[row]?.count
    }
}
