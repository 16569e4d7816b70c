import TallyModel

/// The unique constraints that some rows clash under.
package struct UniqueRules {
    /// By table: the terms of each, in one order whoever asks.
    private(set) var terms: [Int: [[UniqueTerm]]] = [:]
    private let told: [RowID: Set<ToldClash>]

    package init(_ breaches: Set<Breach>, _ told: Set<ToldClash>) {
        self.told = told.reduce(into: [:]) { told, clash in
            for row in clash.rows { told[row, default: []].insert(clash) }
        }
        var sets: [Int: Set<[UniqueTerm]>] = [:]
        for breach in breaches {
            guard case .unique(let terms, _) = breach.rule, !terms.isEmpty else { continue }
            sets[breach.row.table, default: []].insert(terms)
        }
        terms = sets.mapValues { sets in
            sets.sorted { left, right in
                left.lexicographicallyPrecedes(right) {
                    ($0.column, $0.folding.rawValue) < ($1.column, $1.folding.rawValue)
                }
            }
        }
    }

    func columns(of table: Int) -> [Int] { Set((terms[table] ?? []).joined().map(\.column)).sorted() }

    /// The rows of which members have told that they cannot be beside one.
    func rivals(of row: RowID) -> Set<RowID> {
        (told[row] ?? []).reduce(into: Set<RowID>()) { $0.formUnion($1.rows) }.subtracting([row])
    }

    /// The terms by which two rows must not be, and are, the same: none of them where members said so; `nil` where they may
    /// be as they are.
    func clash(_ id: RowID, _ row: Row, _ other: RowID, _ rival: Row) -> [UniqueTerm]? {
        guard id.table == other.table else { return nil }
        if let terms = terms[id.table]?.first(where: { $0.clash(row, rival) }) { return terms }
        return told[id]?.contains(ToldClash(id, row, other, rival)) ?? false ? [] : nil
    }
}
