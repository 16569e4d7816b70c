import TallyMerge
import TallyModel
import TallyTesting
import Testing

/// Decisions about rows that clash follow one another until nothing changes any more.
@Suite struct SettlingTests {
    private struct NoExpressions: MergeExpressions {
        func value(of expression: String, base: Value?, current: Value, incoming: Value) -> Value { current }
    }

    /// A group's node over one table: a key, a name, and the row that one belongs to.
    private struct Node {
        var memory = InMemoryGroupMemory()
        var merger = Merger(
            tables: [
                MergeTable(
                    rules: MergeRules(columns: [.latest, .latest, .latest], delete: .latest),
                    kinds: [ColumnKind](repeating: .exact, count: 3)
                )
            ],
            expressions: NoExpressions()
        )
        var standoffs: [Standoff] = []
        private var time: Int64 = 1_700_000_000_000_000

        static func id(_ number: Int64) -> RowID {
            RowID(table: 0, key: KeyCoding.encode(Row([.integer(number)])))
        }

        mutating func take(_ author: UInt16, base: UInt64, _ changes: RowChange...) throws {
            time += 1_000_000
            let moment = Timestamp(microseconds: time)
            let transaction = CapturedTransaction(
                author: Actor(author),
                base: base,
                committed: moment,
                received: moment,
                changes: changes
            )
            _ = try merger.take(transaction, into: &memory)
        }

        /// A member says what stands against what.
        mutating func find(_ row: Int64, _ rule: Breach.Rule) throws {
            try merger.settle(&standoffs, [Breach(row: Self.id(row), rule: rule)], into: &memory)
        }

        mutating func row(_ number: Int64) throws -> Row? { try merger.row(Self.id(number), in: &memory) }
    }

    private func put(_ number: Int64, _ name: String, in parent: Int64?) -> RowChange {
        .put(Node.id(number), Row([.integer(number), .text(name), parent.map { .integer($0) } ?? .null]), time: nil)
    }

    @Test func `Rows that fall back to a parent that is gone are all kept out, once and for all`() throws {
        var node = Node()
        let place = { (other: Int64) in
            Breach.Rule.unique([UniqueTerm(column: 1), UniqueTerm(column: 2)], Node.id(other))
        }
        let parent = Breach.Rule.parent([2], Node.id(1))
        try node.take(1, base: 0, put(1, "p", in: nil), put(2, "q", in: nil), put(10, "a", in: 1), put(11, "b", in: 1))
        try node.take(2, base: 1, put(20, "a", in: 2), put(21, "b", in: 2))
        try node.take(3, base: 1, put(10, "a", in: 2))
        try node.take(3, base: 1, put(11, "b", in: 2))
        try node.take(4, base: 2, .delete(Node.id(1), time: nil))

        // What was taken where they went sends them back to where nothing is.
        try node.find(10, place(20))
        #expect(try node.row(10)?[2] == .integer(1))
        try node.find(10, parent)
        #expect(try node.row(10) == nil)
        try node.find(11, place(21))
        #expect(try node.row(11)?[2] == .integer(1))
        try node.find(11, parent)
        #expect(try node.row(10) == nil)
        #expect(try node.row(11) == nil)

        let head = node.memory.head
        for _ in 0..<3 {
            try node.find(10, parent)
            try node.find(11, parent)
            try node.find(10, place(20))
        }
        #expect(node.memory.head == head, "what was decided once is decided again")
        #expect(Set(node.standoffs.flatMap(\.withheld).map(\.breach.row)) == [Node.id(10), Node.id(11)])

        // Where the place is free they come.
        try node.take(2, base: head, .delete(Node.id(20), time: nil), .delete(Node.id(21), time: nil))
        try node.merger.settle(&node.standoffs, written: [Node.id(20), Node.id(21)], into: &node.memory)
        #expect(try node.row(10)?[2] == .integer(2))
        #expect(try node.row(11)?[2] == .integer(2))
        #expect(node.standoffs.isEmpty)
    }
}
