/// Finds the numbers of the columns that a description of an earlier structure lists.
///
/// Numbers only grow, are never used twice, and columns are listed in their order. So every column of today whose
/// number is below the highest one of that time was there then; what else is listed has been dropped since. Among the
/// ways that fit, the one that keeps the most names and types is taken.
struct ColumnAlignment {
    /// One for each column; `nil` when no way fits.
    let numbers: [Int16]?
    /// Whether other ways fit as well, by which rows would have other values in columns of today: a column that is gone
    /// by its name may have been dropped or renamed.
    let isGuess: Bool

    private struct Place {
        var number: Int16
        /// `nil` for a column that was dropped.
        var column: PostgresColumn?
        var droppedModifier: Int32
    }

    init(of columns: [RelationDescription.Column], to table: PostgresTable) {
        let live = table.columns.map { Place(number: $0.number, column: $0, droppedModifier: -1) }
        let dropped = table.dropped.map { Place(number: $0.number, column: nil, droppedModifier: $0.typeModifier) }
        let places = (live + dropped).sorted { $0.number < $1.number }
        let names = Set(table.columns.map(\.name))
        numbers = Self.best(columns, places) { Self.score($0, $1, names) }
        let former = Set(columns.map(\.name))
        isGuess = !dropped.isEmpty && !former.isSubset(of: names) && !names.isSubset(of: former)
    }

    /// The classic alignment of two sequences, where a place of today may be left out only behind the last match.
    private static func best(
        _ columns: [RelationDescription.Column],
        _ places: [Place],
        score: (RelationDescription.Column, Place) -> Int
    ) -> [Int16]? {
        guard !columns.isEmpty, columns.count <= places.count else { return nil }
        // scores[i][j]: the best for the first i columns within the first j places, all of which count as old.
        let width = places.count + 1
        var scores = [Int?](repeating: nil, count: (columns.count + 1) * width)
        var matched = [Bool](repeating: false, count: scores.count)
        scores[0] = 0
        for place in places.indices where places[place].column == nil { scores[place + 1] = scores[place] }
        for column in columns.indices {
            for place in places.indices {
                let cell = (column + 1) * width + place + 1
                if let before = scores[column * width + place] {
                    scores[cell] = before + score(columns[column], places[place])
                    matched[cell] = true
                }
                if places[place].column == nil, let skipped = scores[cell - 1], skipped >= scores[cell] ?? .min {
                    scores[cell] = skipped
                    matched[cell] = false
                }
            }
        }
        let last = columns.count * width
        let ends = places.indices.map { $0 + 1 }.filter { scores[last + $0] != nil }
        guard var place = ends.max(by: { (scores[last + $0] ?? 0) < (scores[last + $1] ?? 0) }) else { return nil }
        var numbers: [Int16] = []
        var column = columns.count
        while column > 0 {
            if matched[column * width + place] {
                numbers.append(places[place - 1].number)
                column -= 1
            }
            place -= 1
        }
        return numbers.reversed()
    }

    private static func score(_ column: RelationDescription.Column, _ place: Place, _ names: Set<String>) -> Int {
        guard let today = place.column else {
            // A name that is in use today most likely means the column that has it.
            let hint = place.droppedModifier == column.typeModifier ? 4 : 0
            return (names.contains(column.name) ? 0 : 30) + hint
        }
        let isSameType = today.type == column.type
        let isSameModifier = today.typeModifier == column.typeModifier
        return (today.name == column.name ? 100 : 0) + (isSameType ? 40 : 0) + (isSameType && isSameModifier ? 10 : 0)
    }
}
