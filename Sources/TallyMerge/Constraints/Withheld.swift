public import TallyModel

/// What members are brought of a row in the place of what its writes come to, which a constraint does not let in.
///
/// The row's writes stay as they are: what is withheld is only not shown yet.
public struct Withheld: Sendable, Hashable {
    /// The columns that the constraint is about: as soon as somebody writes one of them the row is tried as it is.
    public var columns: [Int]
    /// The row as members are brought it; none where it is not to be there.
    public var shown: AuthoredRow

    public init(columns: [Int], shown: AuthoredRow) {
        self.columns = columns
        self.shown = shown
    }

    /// What is still withheld after one more write, which made `outcome` of the row; `nil` where the row is to be tried.
    func following(_ write: RowWrite, to outcome: Row?) -> Withheld? {
        guard write.kind == .update, let outcome else { return nil }
        if write.edits.contains(where: { columns.contains($0.column) }) { return nil }
        guard case .row(let former) = shown else { return self }
        var row = outcome
        for column in columns where column < min(row.values.count, former.values.count) { row[column] = former[column] }
        return Withheld(columns: columns, shown: .row(row))
    }
}

/// A row that is withheld, and why.
public struct Withholding: Sendable, Hashable {
    /// The row that lost, and what stands against it.
    public var breach: Breach
    /// The entry with which it is brought to members in the place of what it comes to.
    public var sequence: UInt64
    /// The write that is withheld; `nil` where the row has been so for longer than the ledger tells writes apart.
    public var write: RowWrite?
    /// What the row comes to, without the constraint; `nil` where it was read from a ledger.
    public var wanted: Row?
    /// What stands against the values that the row had before, where something does.
    public var further: Breach?

    public init(breach: Breach, sequence: UInt64, write: RowWrite?, wanted: Row?, further: Breach? = nil) {
        self.breach = breach
        self.further = further
        self.sequence = sequence
        self.write = write
        self.wanted = wanted
    }
}
