import TallyLedger
import TallyMerge

/// Which conflicts are part of later ones, because another write joined them.
struct ConflictParts {
    private struct Place: Hashable {
        var row: RowID
        var column: Int?
    }

    /// By the id of the part, the last conflict that has all of it.
    private(set) var whole: [Int64: Int64] = [:]

    /// - Parameter records: In any order; what is not among them is not known.
    init(_ records: [ConflictRecord]) {
        for others in Dictionary(grouping: records, by: { Place(row: $0.row, column: $0.column) }).values {
            for part in others where part.state == .superseded {
                whole[part.id] = others.filter { part.isPart(of: $0) }.map(\.id).max()
            }
        }
    }

    /// The ids of the conflicts that are part of one.
    func parts(of id: Int64) -> [Int64] { whole.filter { $0.value == id }.map(\.key).sorted() }
}
