import TallyModel

/// Things by values that may be the same for a member (``Merger/mayBeSame(_:_:)``).
struct ValueIndex<Content> {
    private var lots: [[String]: [(values: Row, content: Content)]] = [:]

    var isEmpty: Bool { lots.isEmpty }
    var contents: [Content] { lots.values.joined().map(\.content) }

    /// What may be the same is of one lot, and more may be in it.
    private static func lot(_ values: Row) -> [String] {
        values.values.map { value in
            guard let value else { return "" }
            let text = (value.characters ?? "\(value.scalar ?? value)").generouslyFolded
            switch value {
            case .integer(let integer): return "\(Double(integer))"
            case .real(let real): return "\(real)"
            default: return Double(text).map { "\($0)" } ?? text
            }
        }
    }

    mutating func add(_ values: Row, _ content: Content) {
        lots[Self.lot(values), default: []].append((values, content))
    }

    /// What is of these values, or nearly so, in the order in which it came.
    func near(_ values: Row) -> [Content] { (lots[Self.lot(values)] ?? []).map(\.content) }

    /// What is of these values.
    func all(_ values: Row) -> [Content] {
        (lots[Self.lot(values)] ?? []).filter { Merger.mayBeSame($0.values, values) }.map(\.content)
    }

    func contains(_ values: Row) -> Bool {
        lots[Self.lot(values)]?.contains { Merger.mayBeSame($0.values, values) } ?? false
    }

    /// Takes out what is of these values and fulfils a condition.
    mutating func take(_ values: Row, where isTaken: (Content) -> Bool) -> [Content] {
        let lot = Self.lot(values)
        guard let all = lots[lot] else { return [] }
        let taken = all.filter { Merger.mayBeSame($0.values, values) && isTaken($0.content) }
        let rest = all.filter { !(Merger.mayBeSame($0.values, values) && isTaken($0.content)) }
        lots[lot] = rest.isEmpty ? nil : rest
        return taken.map(\.content)
    }
}

/// Columns that a foreign key refers to.
struct ReferencedColumns: Hashable {
    var table: Int
    var columns: [Int]

    init(_ referenced: Referenced) {
        table = referenced.table
        columns = referenced.columns
    }
}

extension Row {
    /// What it has in some columns; nothing in those that it lacks.
    func having(_ columns: [Int]) -> Row { Row(columns.map { $0 < values.count ? self[$0] : nil }) }
}

extension String {
    var generouslyFolded: String { TextFolding.trimming.folded(TextFolding.caseless.folded(self)) }
}
