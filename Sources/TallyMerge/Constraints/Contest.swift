package import TallyModel

/// Who may stand of rows that members cannot hold all at once.
///
/// Rows get what they claim one after the other, the earlier claim first: one whose claim clashes with those before it keeps
/// the values from before it claimed them, and where it has none, or these clash as well, it is not to be there; nor is one
/// that names a row which is not. All of it follows from the rows' states and from what is known of them. `DESIGN.md`,
/// *Constraints*.
package struct Contest {
    /// A row that is to be there.
    package struct Contender {
        package var id: RowID
        package var state: RowState
        /// What it comes to, as far as no other row is in its way.
        package var wanted: Row
        /// What it is known to name.
        package var links: [Link] = []

        package init(id: RowID, state: RowState, wanted: Row, links: [Link] = []) {
            self.id = id
            self.state = state
            self.wanted = wanted
            self.links = links
        }

        /// What it may come to, or fall back to.
        var everHad: [Row] {
            [wanted]
                + state.writes.map { write in
                    var row = wanted
                    for edit in write.edits where edit.column < row.values.count { row[edit.column] = edit.before }
                    return row
                }
        }
    }

    /// What a row names.
    package struct Link {
        /// What it breaks where that is not there.
        var breach: Breach
        var columns: [Int]
        /// What it has in these columns: with other values it names something else.
        var named: Row

        package init(breach: Breach, columns: [Int], named: Row) {
            self.breach = breach
            self.columns = columns
            self.named = named
        }
    }

    /// What becomes of a row.
    package enum Verdict {
        case stands(Row)
        case loses(Loss)

        /// What members are to be brought.
        package var row: Row? {
            switch self {
            case .stands(let row): row
            case .loses(let loss): loss.shown
            }
        }
    }

    /// Why a row is not to be what it comes to, and what it is instead.
    package struct Loss {
        package var breaches: [Breach]
        package var columns: [Int]
        package var shown: Row?
        /// What stands against the values from before.
        package var further: Breach?
    }

    /// By their claims, the earliest first.
    let contenders: [Contender]
    let places: [RowID: Int]
    /// The places of the rows that may be what each names, for each of its links.
    let sources: [[[Int]]]
    let rules: UniqueRules
    let tables: [MergeTable]

    package init(_ contenders: [Contender], _ rules: UniqueRules, _ tables: [MergeTable]) {
        let claims = contenders.map { contender in
            (contender, write: Merger.claim(on: rules.columns(of: contender.id.table), in: contender.state))
        }
        self.contenders = claims.sorted { Self.precedes(($0.write, $0.0.id), ($1.write, $1.0.id)) }.map(\.0)
        places = Dictionary(uniqueKeysWithValues: self.contenders.enumerated().map { ($1.id, $0) })
        sources = Self.sources(of: self.contenders, places)
        self.rules = rules
        self.tables = tables
    }

    /// Earlier claims come first; what every member has long known is earlier than all, and of one transaction's the lesser
    /// key goes first.
    static func precedes(_ left: (write: RowWrite?, id: RowID), _ right: (write: RowWrite?, id: RowID)) -> Bool {
        switch (left.write?.stamp, right.write?.stamp) {
        case (nil, nil): left.id < right.id
        case (nil, _): true
        case (_, nil): false
        case (let mine?, let theirs?): mine.dot == theirs.dot ? left.id < right.id : mine.precedes(theirs)
        }
    }

    private static func sources(of contenders: [Contender], _ places: [RowID: Int]) -> [[[Int]]] {
        var indexes: [ReferencedColumns: ValueIndex<Int>] = [:]
        for link in contenders.lazy.flatMap(\.links) {
            guard let referenced = link.breach.rule.referenced, indexes[ReferencedColumns(referenced)] == nil else {
                continue
            }
            var index = ValueIndex<Int>()
            for (place, contender) in contenders.enumerated() where contender.id.table == referenced.table {
                for row in contender.everHad { index.add(row.having(referenced.columns), place) }
            }
            indexes[ReferencedColumns(referenced)] = index
        }
        return contenders.enumerated().map { place, contender in
            contender.links.map { link in
                switch link.breach.rule {
                case .parent(_, let parent): places[parent].map { [$0] } ?? []
                case .reference(_, let referenced):
                    Set(indexes[ReferencedColumns(referenced)]?.all(link.named) ?? []).subtracting([place]).sorted()
                default: []
                }
            }
        }
    }

    // MARK: Deciding

    /// Decides about all rows.
    ///
    /// A row may stand before it is clear whether what it names does. Where that does not, both are decided once more, the one
    /// that is named first: so nobody loses to a row that is not to be there. Rows that name each other in a ring and of which
    /// one cannot stand are all not to be there. Each round adds to the order, so there is a last one.
    package func verdicts() -> [RowID: Verdict] {
        var order = Order(count: contenders.count)
        while true {
            let round = Round(of: self, in: order)
            if !round.objections.isEmpty {
                for (later, earlier) in round.objections { order.wish(later, after: earlier) }
                continue
            }
            let forsaken = round.forsaken
            if forsaken.isEmpty {
                return Dictionary(uniqueKeysWithValues: zip(contenders.map(\.id), round.verdicts.map { $0! }))
            }
            var isOrdered = false
            for (child, sources) in forsaken {
                for source in sources where order.force(child, after: source) { isOrdered = true }
            }
            if !isOrdered { order.out.formUnion(forsaken.map(\.place)) }
        }
    }
}
