import TallyMerge
import TallyModel
import Testing

/// Rows of one table: a key, a name and a seat that nobody else may have, and the row that one reports to.
@Suite("Rows that members cannot hold all at once")
struct ContestTests {
    @Test func `The later claim gives way, and keeps what it had`() {
        var rows = Rows()
        rows.insert(1, name: "ann")
        rows.insert(2, name: "bob")
        rows.update(2, name: "ann")
        rows.insert(3, name: "ann")
        rows.expect(["ann", "bob", nil])
        #expect(rows.breaches(of: 2) == [.unique([UniqueTerm(column: 1)], Rows.id(1))])
        #expect(rows.breaches(of: 3) == [.unique([UniqueTerm(column: 1)], Rows.id(1))])
    }

    @Test func `Who keeps what it had keeps it from those who claimed it later`() {
        var rows = Rows()
        rows.insert(1, name: "ann")
        rows.insert(2, name: "bob")
        rows.insert(3, name: "bob")
        rows.update(2, name: "ann")
        rows.expect(["ann", "bob", nil])
    }

    @Test func `A row that loses to one that is not to be there itself does not lose`() {
        var rows = Rows()
        rows.insert(1, name: "ann")
        rows.insert(3, name: "cid", chief: 2)
        rows.insert(2, name: "ann")
        rows.insert(4, name: "cid")
        rows.expect(["ann", nil, nil, "cid"])
        #expect(rows.breaches(of: 3) == [.parent([3], Rows.id(2))])
    }

    @Test func `Of a row and the one that it names the named one stands`() {
        var rows = Rows()
        rows.insert(2, name: "ann", chief: 1)
        rows.insert(1, name: "ann")
        rows.expect(["ann", nil])
        #expect(rows.breaches(of: 2) == [.unique([UniqueTerm(column: 1)], Rows.id(1))])
    }

    @Test func `Rows that name each other in a ring stand and fall together`() {
        var rows = Rows()
        rows.insert(1, name: "ann", chief: 2)
        rows.insert(3, name: "bob")
        rows.insert(2, name: "bob", chief: 1)
        rows.insert(4, name: "ann")
        rows.expect([nil, nil, "bob", "ann"])
        rows.update(3, name: "cid")
        rows.expect(["ann", "bob", "cid", nil])
    }

    @Test func `A row may name itself`() {
        var rows = Rows()
        rows.insert(1, name: "ann", chief: 1)
        rows.expect(["ann"])
    }

    @Test func `Who has long had a seat does not lose it for having taken another name`() {
        var rows = Rows()
        rows.insert(1, name: "ann", seat: 7)
        rows.insert(2, name: "bob", seat: 8)
        rows.update(2, seat: 7)
        rows.update(1, name: "anna")
        rows.expect(["anna", "bob"])
        #expect(rows.outcome(2) == [1: .integer(7), 2: .integer(8)])
    }

    @Test func `Rows that passed values on among themselves do not take them back one by one`() {
        var rows = Rows()
        for number in 1...300 { rows.insert(number, name: "n\(number)", seat: number) }
        rows.insert(1000, name: "first", seat: 301)
        rows.updateTogether(1...300) { seat in seat + 1 }
        let seats = rows.outcome(2)
        #expect(seats.count == 300)
        #expect(seats[1000] == .integer(301))
        #expect(seats[300] == nil)
        #expect(seats[299] == .integer(300))
    }

    @Test func `Rows of one table that all name somebody who is gone are decided about at once`() {
        var rows = Rows()
        rows.insert(1, name: "boss")
        for number in 2...3000 { rows.insert(number, name: "n\(number)", chiefsName: "gone") }
        rows.insert(3001, name: "last", chiefsName: "boss")
        #expect(Set(rows.outcome().keys) == [1, 3001])
    }

    @Test func `Long chains of rows that name one another come to an end`() {
        var rows = Rows()
        rows.insert(0, name: "x")
        for number in (1...60).reversed() {
            rows.insert(number, name: number == 1 ? "x" : "n\(number)", chief: number > 1 ? number - 1 : nil)
        }
        #expect(rows.outcome() == [0: .text("x")])
    }
}

/// Rows that are written one after the other, each by somebody who knows none of the others.
private struct Rows {
    private static let rules = UniqueRules(
        Set([1, 2].map { Breach(row: id(98), rule: .unique([UniqueTerm(column: $0)], id(99))) }),
        []
    )
    private static let table = MergeTable(
        rules: MergeRules(columns: [.latest, .latest, .latest, .latest], delete: .latest),
        kinds: [ColumnKind](repeating: .exact, count: 4)
    )

    private var contenders: [Contest.Contender] = []
    private var time: Int64 = 0

    static func id(_ number: Int) -> RowID {
        RowID(table: 0, key: KeyCoding.encode(Row([.integer(Int64(number))])))
    }

    /// - Parameter chiefsName: What it names the row by, that has this for its name.
    mutating func insert(_ number: Int, name: String, seat: Int? = nil, chief: Int? = nil, chiefsName: String? = nil) {
        let values: [Value] = [
            .integer(Int64(number)), .text(name), .integer(Int64(seat ?? 100 + number)),
            chief.map { .integer(Int64($0)) } ?? chiefsName.map { .text($0) } ?? .null,
        ]
        let edits = values.enumerated().map { ColumnEdit(column: $0, before: nil, after: $1) }
        var state = RowState()
        state.add(RowWrite(stamp: stamp(after: state), kind: .insert, edits: edits))
        var contender = Contest.Contender(id: Self.id(number), state: state, wanted: Row(values))
        if let chief {
            let breach = Breach(row: contender.id, rule: .parent([3], Self.id(chief)))
            contender.links = [Contest.Link(breach: breach, columns: [3], named: Row([values[3]]))]
        }
        if chiefsName != nil {
            let referenced = Referenced(table: 0, columns: [1], former: Self.id(99_999))
            let breach = Breach(row: contender.id, rule: .reference([3], referenced))
            contender.links = [Contest.Link(breach: breach, columns: [3], named: Row([values[3]]))]
        }
        contenders.append(contender)
    }

    mutating func update(_ number: Int, name: String? = nil, seat: Int? = nil) {
        let place = contenders.firstIndex { $0.id == Self.id(number) }!
        let (column, value): (Int, Value) = name.map { (1, .text($0)) } ?? (2, .integer(Int64(seat ?? 0)))
        let edit = ColumnEdit(column: column, before: contenders[place].wanted[column], after: value)
        let stamp = stamp(after: contenders[place].state)
        contenders[place].state.add(RowWrite(stamp: stamp, kind: .update, edits: [edit]))
        contenders[place].wanted[column] = value
    }

    /// One transaction gives rows other seats.
    mutating func updateTogether(_ numbers: ClosedRange<Int>, seat: (Int64) -> Int64) {
        time += 1
        for number in numbers {
            let place = contenders.firstIndex { $0.id == Self.id(number) }!
            guard case .integer(let before)? = contenders[place].wanted[2] else { continue }
            let edit = ColumnEdit(column: 2, before: .integer(before), after: .integer(seat(before)))
            let stamp = stamp(after: contenders[place].state, isNext: false)
            contenders[place].state.add(RowWrite(stamp: stamp, kind: .update, edits: [edit]))
            contenders[place].wanted[2] = edit.after
        }
    }

    private mutating func stamp(after state: RowState, isNext: Bool = true) -> Stamp {
        if isNext { time += 1 }
        let context = VersionVector(
            Dictionary(uniqueKeysWithValues: state.writes.map { ($0.stamp.dot.actor, $0.stamp.dot.counter) })
        )
        return Stamp(
            dot: Dot(actor: Actor(UInt16(time)), counter: 1),
            time: HybridTime(microseconds: time),
            context: context
        )
    }

    /// What the rows from 1 on are called; `nil` of those that are not to be there.
    func expect(_ names: [String?], sourceLocation: SourceLocation = #_sourceLocation) {
        let outcome = outcome()
        #expect(
            (1...names.count).map { outcome[$0] } == names.map { $0.map(Value.text) },
            sourceLocation: sourceLocation
        )
    }

    /// What each row is in a column, by its number: the same in whatever order rows are given.
    func outcome(_ column: Int = 1) -> [Int: Value] {
        let orders = [contenders, contenders.reversed(), Array(contenders.dropFirst() + contenders.prefix(1))]
        let outcomes = orders.map { order in
            let verdicts = Contest(order, Self.rules, [Self.table]).verdicts()
            return (0..<5000).reduce(into: [Int: Value]()) { outcome, number in
                if let row = verdicts[Self.id(number)]?.row { outcome[number] = row[column] }
            }
        }
        #expect(Set(outcomes).count == 1, "it depends on the order in which rows are given")
        return outcomes[0]
    }

    func breaches(of number: Int) -> [Breach.Rule] {
        let verdict = Contest(contenders, Self.rules, [Self.table]).verdicts()[Self.id(number)]
        guard case .loses(let loss)? = verdict else { return [] }
        return loss.breaches.map(\.rule)
    }
}
