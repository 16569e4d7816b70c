/// Rows that members cannot hold all at once and that hang together: which of them do without, and what is known of them.
///
/// As long as one of them waits, what was found of all of them stays known. While nothing is written it only grows, and what
/// becomes of the rows follows from it and from their states: so a group comes to rest.
public struct Standoff: Sendable, Hashable {
    /// The rows that lost. One may be here for several constraints.
    public var withheld: [Withholding]
    /// What members have found, also where it is not in the way now.
    public var known: Set<Breach>
    /// What members have told of rows where only they know the rule.
    public var told: Set<ToldClash>

    /// All rows that are part of it.
    public var rows: Set<RowID> {
        let known = known.reduce(into: Set<RowID>()) { $0.formUnion($1.rows) }
        let found = told.reduce(into: known) { $0.formUnion($1.rows) }
        return withheld.reduce(into: found) { $0.formUnion($1.breach.rows.union($1.further?.rows ?? [])) }
    }

    public init(withheld: [Withholding] = [], known: Set<Breach> = [], told: Set<ToldClash> = []) {
        self.withheld = withheld
        self.known = known
        self.told = told
    }

    mutating func add(_ other: Standoff) {
        withheld += other.withheld
        known.formUnion(other.known)
        told.formUnion(other.told)
    }

    /// One for each lot of rows that hang together, directly or not.
    ///
    /// - Parameter all: In the order in which the lots come.
    public static func joined(_ all: [Standoff]) -> [Standoff] {
        joined(all, touching: all.reduce(into: []) { $0.formUnion($1.rows) }).lots
    }

    /// The lots that some rows are part of.
    ///
    /// - Returns: Also what has nothing to do with these rows, as it is.
    static func joined(_ all: [Standoff], touching rows: Set<RowID>) -> (others: [Standoff], lots: [Standoff]) {
        let members = all.map(\.rows)
        var places: [RowID: [Int]] = [:]
        for (place, rows) in members.enumerated() { for row in rows { places[row, default: []].append(place) } }
        var isReached = [Bool](repeating: false, count: all.count)
        var lots: [Standoff] = []
        for start in all.indices where !isReached[start] && !members[start].isDisjoint(with: rows) {
            isReached[start] = true
            var reached = [start]
            var next = 0
            while next < reached.count {
                for row in members[reached[next]] {
                    for place in places.removeValue(forKey: row) ?? [] where !isReached[place] {
                        isReached[place] = true
                        reached.append(place)
                    }
                }
                next += 1
            }
            lots.append(reached.sorted().reduce(into: Standoff()) { $0.add(all[$1]) })
        }
        return (all.indices.filter { !isReached[$0] }.map { all[$0] }, lots)
    }

    /// The lots that it falls into, those of which a row waits.
    var parted: [Standoff] {
        let pieces =
            withheld.map { Standoff(withheld: [$0], known: [$0.breach]) } + known.map { Standoff(known: [$0]) }
            + told.map { Standoff(told: [$0]) }
        return Self.joined(pieces).filter { !$0.withheld.isEmpty }
    }
}
