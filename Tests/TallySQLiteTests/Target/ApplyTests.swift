import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("Applying changes to a SQLite target", .timeLimit(.minutes(15)))
struct ApplyTests {
    private let fixture: TargetFixture

    init() throws {
        fixture = try TargetFixture(
            target: """
                CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT UNIQUE, n INTEGER NOT NULL DEFAULT 7 CHECK (n < 100));
                INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3);
                """
        )
    }

    private func apply(_ changes: Change..., replaying: Bool = false) async throws -> ApplyOutcome {
        let session = try await fixture.open()
        let outcome = try await session.apply(
            changes,
            to: try fixture.schema("t", on: fixture.path),
            replaying: replaying
        )
        try await session.commit()
        await session.close()
        return outcome
    }

    private var table: String {
        get throws { try fixture.shell("SELECT group_concat(id || code || n, ' ') FROM (SELECT * FROM t ORDER BY id)") }
    }

    @Test("Inserts, updates, deletes and changes of keys come true in order")
    func order() async throws {
        let outcome = try await apply(
            .insert(.integer(4), .text("d"), .integer(4)),
            .update(.integer(1), .text("x"), .integer(10)),
            .delete(.integer(2), nil, nil),
            .update(.integer(2), .text("b"), .integer(5), from: [.integer(4)]),
            .update(.integer(9), .text("c"), .integer(3), from: [.integer(3)])
        )
        #expect(outcome == ApplyOutcome())
        #expect(try table == "1x10 2b5 9c3")
    }

    @Test("A row that is not as expected is made to agree, and counted")
    func mended() async throws {
        let outcome = try await apply(
            .insert(.integer(1), .text("x"), .integer(10)),
            .update(.integer(5), .text("e"), .integer(5)),
            .delete(.integer(77), nil, nil),
            .update(.integer(6), .text("f"), .integer(6), from: [.integer(60)]),
            .update(.integer(3), .text("b"), .integer(2), from: [.integer(2)])
        )
        #expect(outcome == ApplyOutcome(mended: 5))
        #expect(try table == "1x10 3b2 5e5 6f6")
    }

    @Test("While replaying, nothing counts as mended")
    func replaying() async throws {
        let outcome = try await apply(
            .insert(.integer(1), .text("a"), .integer(10)),
            .update(.integer(5), .text("e"), .integer(5)),
            .delete(.integer(77), nil, nil),
            .update(.integer(99), nil, .integer(5)),
            replaying: true
        )
        #expect(outcome == ApplyOutcome())
        #expect(try table == "1a10 2b2 3c3 5e5")
    }

    @Test("What one row breaks rejects that row and nothing else")
    func rejections() async throws {
        let outcome = try await apply(
            .insert(.integer(4), .text("a"), .integer(4)),
            .insert(.integer(5), .text("e"), .integer(500)),
            .insert(.integer(6), .text("f"), .null),
            .insert(.null, .text("g"), .integer(1)),
            .insert(.text("not a number"), .text("h"), .integer(1)),
            .update(.integer(2), .text("a"), .integer(2)),
            .update(.integer(8), .text("a"), .integer(2), from: [.integer(2)]),
            .update(.integer(70), nil, .integer(5)),
            .insert(.integer(7), .text("z"), .integer(7))
        )
        #expect(outcome.rejections.map(\.index) == Array(0...7))
        let reasons = outcome.rejections.map(\.reason)
        #expect(reasons[0] == "UNIQUE constraint failed: t.code")
        #expect(reasons[1] == "CHECK constraint failed: n < 100")
        #expect(reasons[2] == "NOT NULL constraint failed: t.n")
        #expect(reasons[3].contains("NULL"))
        #expect(reasons[4] == "datatype mismatch")
        #expect(reasons[7].contains("does not hold all of its columns"))
        #expect(try table == "1a1 2b2 3c3 7z7")
    }

    @Test("Absent values are left as they are")
    func absent() async throws {
        let outcome = try await apply(
            .update(.integer(1), nil, .integer(11)),
            .update(.integer(2), .text("x"), nil),
            .update(.integer(30), nil, .integer(33), from: [.integer(3)])
        )
        #expect(outcome == ApplyOutcome())
        #expect(try table == "1a11 2x2 30c33")
    }

    @Test("While replaying, a row in the way of a unique constraint gives way; other constraints still hold")
    func giveWay() async throws {
        let outcome = try await apply(
            .insert(.integer(4), .text("a"), .integer(4)),
            .update(.integer(3), .text("b"), .integer(30)),
            .insert(.integer(5), .text("b"), .null),
            .insert(.integer(6), .text("b"), .integer(600)),
            replaying: true
        )
        #expect(outcome.rejections.map(\.index) == [2, 3])
        #expect(try table == "3b30 4a4")
    }

    @Test("A table is emptied by a truncate, and what follows stays")
    func truncate() async throws {
        _ = try await apply(
            Change(.truncate, table: 0, row: Row([])),
            .insert(.integer(1), .text("new"), .integer(1))
        )
        #expect(try table == "1new1")
    }

    @Test("A table's own conflict clauses neither hide rows nor undo the transaction")
    func conflictClauses() async throws {
        try fixture.shell(
            """
            CREATE TABLE u(id INTEGER PRIMARY KEY ON CONFLICT IGNORE, code TEXT UNIQUE ON CONFLICT ROLLBACK,
                n NOT NULL ON CONFLICT IGNORE);
            INSERT INTO u VALUES (1, 'a', 1);
            """
        )
        let schema = try fixture.schema("u", on: fixture.path)
        let session = try await fixture.open()
        let changes: [Change] = [
            .insert(.integer(1), .text("x"), .integer(2)), .insert(.integer(2), .text("x"), .integer(2)),
            .insert(.integer(3), .text("y"), .null), .insert(.integer(4), .text("z"), .integer(4)),
        ]
        let outcome = try await session.apply(changes, to: schema)
        try await session.commit()
        await session.close()
        #expect(outcome.rejections.map(\.index) == [1, 2])
        #expect(outcome.mended == 1)
        #expect(try fixture.shell("SELECT group_concat(id || code || n) FROM u") == "1x2,4z4")
    }

    @Test("Columns that only the target has keep their values through updates and changes of keys")
    func extraColumns() async throws {
        let schema = try fixture.schema("t", on: fixture.path)
        try fixture.shell("ALTER TABLE t ADD COLUMN own TEXT; UPDATE t SET own = 'mine' || id")
        let session = try await fixture.open()
        let changes: [Change] = [
            .update(.integer(1), .text("x"), .integer(10)), .insert(.integer(2), .text("y"), .integer(20)),
            .update(.integer(30), .text("c"), .integer(3), from: [.integer(3)]),
        ]
        _ = try await session.apply(changes, to: schema)
        try await session.commit()
        await session.close()
        #expect(
            try fixture.shell("SELECT group_concat(own) FROM (SELECT own FROM t ORDER BY id)") == "mine1,mine2,mine3"
        )
    }

    @Test("Keys that compare equal but are not the same are written as they are")
    func inexactKeys() async throws {
        try fixture.shell("CREATE TABLE u(k TEXT COLLATE NOCASE PRIMARY KEY, v); INSERT INTO u VALUES ('Ann', 1)")
        let schema = try fixture.schema("u", on: fixture.path)
        let session = try await fixture.open()
        #expect(
            try await session.apply([.update(.text("ANN"), .integer(2), from: [.text("Ann")])], to: schema).mended == 0
        )
        try await session.commit()
        #expect(try fixture.shell("SELECT * FROM u") == "ANN|2")
        #expect(try await session.apply([.insert(.text("ann"), .integer(3))], to: schema).mended == 1)
        try await session.commit()
        #expect(try fixture.shell("SELECT * FROM u") == "ann|3")
        await session.close()
    }

    @Test("A table without a key is written by its rowid, which VACUUM then leaves as it is")
    func rowID() async throws {
        try fixture.shell(
            """
            CREATE TABLE u(rowid TEXT, v);
            INSERT INTO u(_rowid_, rowid, v) VALUES (10, 'x', 1), (20, 'y', 2), (40, 'k', 0);
            """
        )
        let schema = try fixture.schema("u", on: fixture.path)
        #expect(schema.keyColumns.map(\.name) == ["_rowid_"])
        let session = try await fixture.open()
        let changes: [Change] = [
            .insert(.text("z"), .integer(3), .integer(30)), .update(.text("x"), .integer(11), .integer(10)),
            .delete(nil, nil, .integer(20)), .update(.text("z"), .integer(3), .integer(31), from: [.integer(30)]),
            .insert(.text("K"), .integer(4), .integer(40)),
        ]
        #expect(try await session.apply(changes, to: schema) == ApplyOutcome(mended: 1))
        try await session.commit()
        await session.close()
        try fixture.shell("VACUUM")
        #expect(try fixture.shell("SELECT _rowid_, rowid, v FROM u ORDER BY 1") == "10|x|11\n31|z|3\n40|K|4")
        #expect(try fixture.schema("u", on: fixture.path).definition?.afterLoad == [])
        try await fixture.target.remove(flow: "flow")
        #expect(try fixture.shell("SELECT count(*) FROM pragma_index_list('u')") == "0")
    }

    @Test("A unique index may stand in for the key")
    func uniqueIndexAsKey() async throws {
        try fixture.shell(
            """
            CREATE TABLE u(own INTEGER PRIMARY KEY, k, v); CREATE UNIQUE INDEX i ON u(k);
            INSERT INTO u VALUES (5, 1, 'a');
            """
        )
        var schema = try fixture.schema("u", on: fixture.path)
        schema.columns.removeFirst()
        schema.key = [0]
        let session = try await fixture.open()
        let changes: [Change] = [.insert(.real(1), .text("b")), .insert(.integer(2), .text("c"))]
        #expect(try await session.apply(changes, to: schema) == ApplyOutcome(mended: 1))
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT * FROM u") == "5|1.0|b\n6|2|c")
    }

    @Test("A column that the target lacks is named, and the table with it")
    func missingColumn() async throws {
        var schema = try fixture.schema("t", on: fixture.path)
        schema.columns.append(Column(id: 9, name: "extra"))
        let session = try await fixture.open()
        let error = await #expect(throws: StoreError.self) {
            try await session.apply([.insert(.integer(4), .text("d"), .integer(1), .null)], to: schema)
        }
        #expect(error?.code == .incompatibleSchema)
        #expect(error?.table == TableName("t"))
        #expect(error?.message.contains("extra") == true)
        await session.rollback()
        await session.close()
    }

    @Test("What a generated column of the target holds is left to the target")
    func generated() async throws {
        try fixture.shell("CREATE TABLE u(id INTEGER PRIMARY KEY, v, twice AS (v * 2), thrice AS (v * 3) STORED)")
        let schema = try fixture.schema("u", on: fixture.path)
        let session = try await fixture.open()
        #expect(
            try await session.apply([.insert(.integer(1), .integer(5), .integer(0), .integer(0))], to: schema)
                == ApplyOutcome()
        )
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT * FROM u") == "1|5|10|15")
    }

    @Test("Folding is permitted only where no second unique constraint is")
    func folding() async throws {
        try fixture.shell("CREATE TABLE plain(id INTEGER PRIMARY KEY, v)")
        let session = try await fixture.open()
        #expect(try await session.permitsFolding(TableName("plain")))
        #expect(try await !session.permitsFolding(TableName("t")))
        await session.close()
    }

    @Test("A row with NULL in its key is refused, its deletion is nothing to do, and a key makes it a row like others")
    func nullKeys() async throws {
        try fixture.shell("CREATE TABLE u(k TEXT PRIMARY KEY, v)")
        let schema = try fixture.schema("u", on: fixture.path)
        let session = try await fixture.open()
        let changes: [Change] = [
            .insert(.null, .integer(1)), .delete(.null, nil), .update(.text("a"), .integer(2), from: [.null]),
            .update(.null, .integer(3), from: [.text("z")]), .update(.null, .integer(4)),
        ]
        let outcome = try await session.apply(changes, to: schema)
        #expect(outcome.rejections.map(\.index) == [0, 3, 4])
        #expect(outcome.mended == 0)
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT * FROM u") == "a|2")
    }
}
