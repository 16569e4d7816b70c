public import TallyModel

/// A constraint that a row of the group breaks in a member.
public struct Breach: Sendable, Hashable {
    /// What the constraint is about.
    public enum Rule: Sendable, Hashable {
        /// Another row holds the same values by these terms; none of them where only members can tell whether it does.
        case unique([UniqueTerm], RowID)
        /// The row that these columns name is not there.
        case parent([Int], RowID)
        /// No row has in the columns that are referred to what this one has in these.
        case reference([Int], Referenced)
        /// The row breaks a rule by itself, which is about these columns; none of them where that is not known.
        case row([Int])

        /// What it refers to by other columns than the key of their table.
        public var referenced: Referenced? { if case .reference(_, let referenced) = self { referenced } else { nil } }

        public var isUnique: Bool { if case .unique = self { true } else { false } }
    }

    public var row: RowID
    public var rule: Rule

    public init(row: RowID, rule: Rule) {
        self.row = row
        self.rule = rule
    }

    /// The row, and the one that stands against it.
    public var rows: Set<RowID> {
        switch rule {
        case .unique(_, let other), .parent(_, let other): [row, other]
        case .reference(_, let referenced): referenced.former.map { [row, $0] } ?? [row]
        case .row: [row]
        }
    }
}

/// One of the columns that a unique constraint is about.
public struct UniqueTerm: Sendable, Hashable {
    public var column: Int
    /// How texts are compared there.
    public var folding: TextFolding

    public init(column: Int, folding: TextFolding = .exact) {
        self.column = column
        self.folding = folding
    }

    /// Whether two values clash there. NULL clashes with nothing.
    func isSame(_ left: Value?, _ right: Value?) -> Bool {
        guard let left, let right, left != .null, right != .null else { return false }
        // A constraint compares numbers by value, whatever their spelling.
        if ColumnKind.mixed.isSame(left, right) { return true }
        guard folding != .exact, let left = left.characters, let right = right.characters else { return false }
        return folding.folded(left).utf8.elementsEqual(folding.folded(right).utf8)
    }
}

extension Collection<UniqueTerm> {
    /// Whether two rows may not be side by side.
    func clash(_ row: Row, _ other: Row) -> Bool {
        allSatisfy { term in
            term.column < Swift.min(row.values.count, other.values.count)
                && term.isSame(row[term.column], other[term.column])
        }
    }
}

extension Value {
    /// The text, of values that stores keep as one.
    var characters: String? {
        switch scalar ?? self {
        case .text(let text): text
        case .other(let other): String(decoding: other.bytes, as: UTF8.self)
        default: nil
        }
    }
}

/// What a foreign key refers to by other columns than its table's key.
public struct Referenced: Sendable, Hashable {
    /// The table's number.
    public var table: Int
    /// In the order of the foreign key's own columns.
    public var columns: [Int]
    /// The row that had the values in question last; `nil` where that is not known.
    public var former: RowID?

    public init(table: Int, columns: [Int], former: RowID? = nil) {
        self.table = table
        self.columns = columns
        self.former = former
    }

    // Who was the last to have the values tells nothing apart.
    public static func == (left: Referenced, right: Referenced) -> Bool {
        left.table == right.table && left.columns == right.columns
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(table)
        hasher.combine(columns)
    }
}

/// Two rows that no member can hold side by side as they are: what members say where only they know the rule.
public struct ToldClash: Sendable, Hashable, Comparable {
    /// The one with the lesser key first.
    public let first: RowID
    public let second: RowID
    /// What they held.
    public let firstRow: Row
    public let secondRow: Row

    public var rows: Set<RowID> { [first, second] }

    /// - Parameters:
    ///   - row: What the row `id` holds.
    ///   - rival: What `other` holds.
    public init(_ id: RowID, _ row: Row, _ other: RowID, _ rival: Row) {
        let isInOrder = id < other
        first = isInOrder ? id : other
        second = isInOrder ? other : id
        firstRow = isInOrder ? row : rival
        secondRow = isInOrder ? rival : row
    }

    public static func < (left: ToldClash, right: ToldClash) -> Bool {
        (left.first, left.second) < (right.first, right.second)
    }
}
