import Foundation
import SQLite
import TallyLedger
import TallyMerge
import TallyModel
import TallyTesting
import Testing

/// A transaction that is taken in by what it makes of each row, in parts, is the same in the ledger as one that is taken in whole.
@Suite struct LargeTransactionTests {
    private static let members = ["eu", "us", "edge"]
    private static let rules = MergeRules(columns: [.latest, .counter, .text, .manual], delete: .latest)

    /// A ledger with two tables of four columns, and who writes it.
    private final class Book {
        let ledger: GroupLedger
        var merger: Merger

        init() throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "tally-\(UUID().uuidString.prefix(8))")
            let ledger = try GroupLedger(path: folder.path + "/carts.db", group: "carts")
            try ledger.writing { try ledger.nameMembers(LargeTransactionTests.members) }
            self.ledger = ledger
            let kinds = [ColumnKind](repeating: .exact, count: 4)
            let table = MergeTable(rules: LargeTransactionTests.rules, kinds: kinds)
            merger = Merger(tables: [table, table], expressions: NoExpressions())
        }

        deinit {
            ledger.close()
            // A leftover in the system's temporary folder is no reason to fail.
            try? FileManager.default.removeItem(atPath: (ledger.path as NSString).deletingLastPathComponent)
        }

        func take(_ transaction: CapturedTransaction, stable: UInt64) throws {
            merger.stable = stable == 0 ? VersionVector() : try ledger.sight(at: stable).vector
            var memory = ledger
            try ledger.writing { _ = try merger.take(transaction, into: &memory) }
        }

        /// Takes it in in parts of a few rows.
        func takeInParts(_ transaction: CapturedTransaction, stable: UInt64) throws {
            merger.stable = stable == 0 ? VersionVector() : try ledger.sight(at: stable).vector
            let net = try TransactionNet(besideLedgerAt: ledger.path)
            defer { net.close() }
            var memory = ledger
            try ledger.writing {
                var before = merger
                for change in transaction.changes {
                    try net.add(change, rows: ledger) { id in
                        let base = transaction.compared[id] ?? transaction.base
                        return try before.held(id, by: transaction.author, broughtTo: base, in: &memory)
                    }
                }
                for id in transaction.returning.sorted() { try net.addReturning(id) }
                var whole = transaction
                (whole.changes, whole.returning) = ([], [])
                var open = try merger.begin(whole, &memory)
                var place: Int64 = 0
                while case let part = try net.rows(after: &place, limit: 600), !part.nets.isEmpty {
                    open.transaction.returning = part.returning
                    try merger.take(part.nets, of: &open, into: &memory)
                }
                _ = try merger.end(open, &memory)
            }
        }

        /// All that it holds, but for what no two ledgers have in common.
        func contents() throws -> [String] {
            let connection = try Connection(path: ledger.path, access: .readOnly)
            let columns =
                "sequence, actor, counter, base, committed, hex(vector), clock, clock_counter, clamped, rows, first"
            return try [
                "SELECT \(columns), returned FROM entry ORDER BY sequence",
                """
                SELECT id, table_number, hex(key), sequence, actor, counter, base, flags, hex(state), hex(authored) FROM version
                ORDER BY id
                """,
                "SELECT id, sequence, hex(key), column_number, policy, state, winner_actor, hex(writes), hex(result) FROM conflict",
            ].flatMap { query in try connection.all(query).map { $0.map { "\($0)" }.joined(separator: "|") } }
        }
    }

    private struct Draw {
        var dice: SplitMix64
        /// How far each member has been brought.
        var bases: [UInt64] = [0, 0, 0]

        mutating func id() -> RowID {
            RowID(table: dice.below(2), key: KeyCoding.encode(Row([.integer(Int64(dice.below(6)))])))
        }

        mutating func row(of id: RowID) throws -> Row {
            let key = try KeyCoding.decode(id.key)[0]
            let texts = ["", "one", "one two", "three"]
            return Row([
                key,
                dice.chance(70) ? .integer(Int64(dice.below(9))) : nil,
                dice.chance(70) ? .text(dice.pick(texts) ?? "") : nil,
                dice.chance(50) ? .integer(Int64(dice.below(3))) : nil,
            ])
        }

        mutating func change(at time: Timestamp?) throws -> RowChange {
            let id = id()
            switch dice.below(12) {
            case 0, 1: return .delete(id, time: time)
            case 2, 3:
                let other = RowID(table: id.table, key: self.id().key)
                guard other != id else { return .put(id, try row(of: id), time: time) }
                return .move(from: id, to: other, try row(of: other), time: time)
            case 4 where dice.chance(30): return .truncate(table: id.table)
            default: return .put(id, try row(of: id), time: time)
            }
        }

        mutating func transaction(_ number: Int, head: UInt64) throws -> CapturedTransaction {
            let author = dice.below(3)
            if dice.chance(50) { bases[author] = max(bases[author], UInt64(dice.below(Int(head) + 1))) }
            let second = Int64(100 + number * 10 + dice.below(15))
            var changes: [RowChange] = []
            for _ in 0...dice.below(9) {
                changes.append(try change(at: dice.chance(30) ? Scene.time(second - Int64(dice.below(5))) : nil))
            }
            var transaction = CapturedTransaction(
                author: Actor(UInt16(author + 1)),
                base: bases[author],
                committed: Scene.time(second),
                received: Scene.time(second + 1),
                changes: changes
            )
            if dice.chance(30) { transaction.returning = Set(changes.flatMap(\.rows).filter { _ in dice.chance(50) }) }
            if dice.chance(20) { transaction.returning.insert(id()) }
            return transaction
        }
    }

    /// A failure names its seed; `TALLY_SEED` replays it.
    @Test func `In parts it becomes what it becomes as a whole`() throws {
        let first = SplitMix64.newSeed()
        for seed in first..<first + 25 {
            let (whole, parted) = (try Book(), try Book())
            var draw = Draw(dice: SplitMix64(seed: seed))
            for number in 0..<25 {
                let transaction = try draw.transaction(number, head: whole.merger.head.sequence)
                let stable = draw.bases.min() ?? 0
                try whole.take(transaction, stable: stable)
                try parted.takeInParts(transaction, stable: stable)
                let (one, other) = (try whole.contents(), try parted.contents())
                guard one == other else {
                    let differing = zip(one, other).filter { $0 != $1 }.prefix(3).map { "\($0)\n\($1)" }
                    Issue.record(
                        """
                        seed \(seed), transaction \(number): \(one.count) and \(other.count) lines; whole and in parts
                        \(differing.joined(separator: "\n\n"))
                        \(transaction.changes)
                        """
                    )
                    return
                }
            }
        }
    }

    @Test func `An entry that is too large for the limit comes in parts, and nothing else with it`() throws {
        let book = try Book()
        func put(_ ids: Range<Int64>, by author: UInt16, note: String) throws {
            let changes = ids.map { id in
                RowChange.put(Scene.row(id), Row([.integer(id), .integer(1), .text(note), .null]), time: nil)
            }
            let transaction = CapturedTransaction(
                author: Actor(author),
                base: book.merger.head.sequence,
                committed: Scene.time(1),
                received: Scene.time(1),
                changes: changes
            )
            try book.take(transaction, stable: 0)
        }
        try put(1..<4, by: 1, note: "small")
        try put(1..<100, by: 1, note: "large")
        try put(100..<103, by: 1, note: "next")
        let limit = DueLimit(rows: 10)
        let (us, ledger) = (Actor(2), book.ledger)

        let small = try #require(try ledger.due(for: us, after: 0, limit: limit))
        #expect(small.rows.count == 3 && small.end == 1 && small.rest == nil)
        var large = try #require(try ledger.due(for: us, after: 1, limit: limit))
        var ids = large.rows.map(\.id)
        while let rest = large.rest {
            #expect(large.end == 2 && large.rows.count == 10)
            large = try ledger.due(rest, for: us, limit: limit)
            ids += large.rows.map(\.id)
        }
        #expect(ids == (1..<100).map(Scene.row))
        #expect(try ledger.due(for: us, after: 2, limit: limit)?.rows.count == 3)
        #expect(try ledger.due(for: us, after: 3, limit: limit) == nil)

        // The same by bytes: the second entry is left for a batch of its own.
        let bytes = DueLimit(rows: 1000, bytes: 2000)
        let first = try #require(try ledger.due(for: us, after: 0, limit: bytes))
        #expect(first.rows.count == 3 && first.end == 1 && first.rest == nil)
        #expect(try ledger.due(for: us, after: 1, limit: bytes)?.rest != nil)
        // Who wrote all of it is sent nothing.
        let own = try #require(try ledger.due(for: Actor(1), after: 0, limit: limit))
        #expect(own.rows.isEmpty && own.rest == nil)
    }
}
