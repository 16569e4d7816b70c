import TallyModel
import TallySQLite
import Testing

@Suite("What stands against a change of a SQLite target", .timeLimit(.minutes(15)))
struct ViolationTests {
    /// Asks of each change of one table, in a transaction that commits a row besides; nothing else may come of it.
    private func violations(_ script: String, of changes: [Change], key: [Int]? = nil) async throws -> [Violation?] {
        let fixture = try TargetFixture(target: "CREATE TABLE other(id INTEGER PRIMARY KEY, code TEXT);" + script)
        let before = try fixture.shell(
            "SELECT * FROM t ORDER BY 1; SELECT name FROM sqlite_schema WHERE name NOT LIKE '%tally%'"
        )
        var schema = try fixture.schema("t", on: fixture.path)
        if let key { schema.key = key }
        let session = try await fixture.open()
        _ = try await session.apply(
            [.insert(.integer(2), .text("kept"))],
            to: try fixture.schema("other", on: fixture.path)
        )
        let slice = Slice(tables: [schema], changes: changes, end: nil, byteCount: 0)
        var found: [Violation?] = []
        for index in changes.indices { found.append(try await session.violation(of: index, in: slice)) }
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT * FROM other") == "2|kept")
        let after = try fixture.shell(
            "SELECT * FROM t ORDER BY 1; SELECT name FROM sqlite_schema WHERE name NOT LIKE '%tally%'"
        )
        #expect(after == before)
        return found
    }

    @Test("A unique constraint is named, its columns, and the rows that hold the values")
    func unique() async throws {
        let found = try await violations(
            """
            CREATE TABLE t(a INTEGER, b TEXT, id INTEGER PRIMARY KEY, c TEXT COLLATE NOCASE, UNIQUE (a, b));
            CREATE UNIQUE INDEX one_c ON t(c);
            INSERT INTO t VALUES (1, 'x', 1, 'p'), (2, 'x', 2, 'q'), (3, NULL, 3, NULL);
            """,
            of: [
                .insert(.integer(2), .text("x"), .integer(7), .text("new")),
                .update(.text("1"), .text("x"), .integer(2), .text("new")),
                .update(.integer(4), .text("y"), .integer(2), .text("P")),
                .insert(.integer(3), .null, .integer(8), .null),
            ]
        )
        #expect(found.map { $0?.kind } == [.unique, .unique, .unique, nil])
        #expect(found.map { $0?.constraint } == [nil, nil, "one_c", nil])
        #expect(found.map { $0?.columns } == [["a", "b"], ["a", "b"], ["c"], nil])
        let keys: [[Row]?] = [[Row([.integer(2)])], [Row([.integer(1)])], [Row([.integer(1)])], nil]
        #expect(found.map { $0?.obstacles } == keys)
    }

    @Test("Rows are found by an index over an expression, of some rows, or of a computed column, and by another key")
    func indexes() async throws {
        var found = try await violations(
            """
            CREATE TABLE t(id INTEGER, part TEXT, name TEXT, live INTEGER, n INTEGER, double AS (n * 2),
                tags TEXT CHECK (t.tags <> 'bad'), PRIMARY KEY (id, part)) WITHOUT ROWID;
            CREATE UNIQUE INDEX by_lower ON t(lower(name));
            CREATE UNIQUE INDEX one_live ON t(n) WHERE live AND name NOT LIKE '%?';
            CREATE UNIQUE INDEX by_double ON t(double) WHERE n > 100;
            CREATE UNIQUE INDEX by_tags ON t(tags COLLATE NOCASE, n + 1);
            INSERT INTO t VALUES (1, 'p', 'Anna', 1, 1, 'One'), (2, 'p', 'Bert', 0, 2, 'Two'), (3, 'q', 'Carl', 0, 200, '');
            """,
            of: [
                .insert(.integer(9), .text("z"), .text("ANNA"), .integer(0), .integer(5), .integer(0), .text("t")),
                .insert(.integer(9), .text("z"), .text("new"), .integer(1), .text("1"), .integer(0), .text("t")),
                .insert(.integer(9), .text("z"), .text("new"), .integer(0), .integer(200), .integer(0), .text("t")),
                .insert(.integer(9), .text("z"), .text("new"), .integer(0), .integer(2), .integer(0), .text("TWO")),
                .insert(.integer(9), .text("z"), .text("new?"), .integer(1), .integer(1), .integer(0), .text("t")),
            ]
        )
        #expect(found.map { $0?.constraint } == ["by_lower", "one_live", "by_double", "by_tags", nil])
        #expect(found.map { $0?.columns } == [["name"], ["n"], ["double"], ["tags"], nil])
        #expect(found.map { $0?.foldings } == [[.ascii], nil, nil, nil, nil])
        func key(_ id: Int64, _ part: String) -> [Row]? { [Row([.integer(id), .text(part)])] }
        let keys: [[Row]?] = [key(1, "p"), key(1, "p"), key(3, "q"), key(2, "p"), nil]
        #expect(found.map { $0?.obstacles } == keys)

        found = try await violations(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE); INSERT INTO t VALUES (1, 'a'), (2, 'b');",
            of: [.update(.integer(2), .text("a")), .update(.integer(3), .text("a"))],
            key: [1]
        )
        #expect(found[0]?.columns == ["id"])
        #expect(found[0]?.obstacles == [Row([.text("b")])])
        #expect(found[1] == nil)
    }

    @Test("How a unique constraint compares texts is told, where it is about columns")
    func foldings() async throws {
        let found = try await violations(
            """
            CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT COLLATE NOCASE, c TEXT COLLATE RTRIM UNIQUE, "d e" TEXT, f TEXT,
                UNIQUE (a, b));
            CREATE UNIQUE INDEX by_upper ON t (UPPER( "d e" ));
            CREATE UNIQUE INDEX by_length ON t (length(f));
            INSERT INTO t VALUES (1, 'a', 'b', 'c', 'd', 'f');
            """,
            of: [
                .insert(.integer(2), .text("a"), .text("B"), .text("C"), .text("x"), .text("xx")),
                .insert(.integer(2), .text("a"), .text("z"), .text("c "), .text("x"), .text("xx")),
                .insert(.integer(2), .text("a"), .text("z"), .text("z"), .text("D"), .text("xx")),
                .insert(.integer(2), .text("a"), .text("z"), .text("z"), .text("z"), .text("F")),
            ]
        )
        #expect(found.map { $0?.columns } == [["a", "b"], ["c"], ["d e"], []])
        #expect(found.map { $0?.foldings } == [[.exact, .ascii], [.trimming], [.ascii], nil])
    }

    @Test("Checks, NULLs and values that a column cannot hold are named")
    func others() async throws {
        let found = try await violations(
            """
            CREATE TABLE t(id INTEGER PRIMARY KEY, low INTEGER CHECK( low > 0 ), high INTEGER NOT NULL,
                CONSTRAINT ordered CHECK (low < "high")) STRICT;
            INSERT INTO t VALUES (1, 1, 2);
            """,
            of: [
                .insert(.integer(2), .integer(5), .integer(4)), .insert(.integer(2), .integer(0), .integer(4)),
                .insert(.integer(2), .integer(5), .null), .insert(.integer(2), .integer(5), .text("secret")),
                .insert(.null, .integer(5), .integer(6)), .update(.integer(3), nil, .integer(6)),
                .update(.integer(1), nil, .integer(6)), .update(.integer(1), nil, .integer(0)),
                .delete(.integer(1), nil, nil),
            ]
        )
        #expect(found.map { $0?.kind } == [.check, .check, .notNull, .other, .notNull, .other, nil, .check, nil])
        #expect(found.map { $0?.constraint } == ["ordered", nil, nil, nil, nil, nil, nil, "ordered", nil])
        #expect(found[0]?.columns == ["low", "high"])
        #expect(found[1]?.columns == ["low"])
        #expect(found[2]?.columns == ["high"])
        #expect(found[4]?.columns == ["id"])
        #expect(found.compactMap { $0?.reason }.allSatisfy { !$0.isEmpty && !$0.contains("secret") })
    }

    // MARK: Orphans

    private func orphans(_ script: String, _ tables: [String], _ changes: [Change]) async throws -> [Orphan] {
        let fixture = try TargetFixture(target: script)
        let schemas = try tables.map { try fixture.schema($0, on: fixture.path) }
        let slice = Slice(tables: schemas, changes: changes, end: nil, byteCount: 0)
        let session = try await fixture.open()
        _ = try await session.apply(slice, replaying: [])
        let found = try await session.orphans(of: slice)
        try await session.commit()
        await session.close()
        // The same as SQLite's own look at all rows finds in these scripts.
        let count = try fixture.shell("SELECT count(*) FROM pragma_foreign_key_check")
        if tables.count > 1 || script.contains("node") { #expect(count == "\(found.count)") }
        return found
    }

    @Test("Orphans are found among the rows written and those that named what is deleted")
    func composite() async throws {
        let script = """
            CREATE TABLE parent(b TEXT, a INTEGER, x, PRIMARY KEY (a, b));
            CREATE TABLE child(note, pa INTEGER, id INTEGER PRIMARY KEY, pb TEXT, FOREIGN KEY (pa, pb) REFERENCES Parent);
            INSERT INTO parent VALUES ('x', 1, 0), ('x', 2, 0), ('x', 3, 0);
            INSERT INTO child VALUES ('', 1, 10, 'x'), ('', 2, 20, 'x'), ('', 2, 21, 'x'), ('', 3, 30, 'x'), ('', 1, 40, NULL);
            """
        let changes: [Change] = [
            .insert(.text(""), .integer(1), .integer(11), .text("x")),
            .insert(.text(""), .integer(1), .integer(12), .text("gone")),
            .insert(.text(""), .integer(77), .integer(13), .null),
            .update(.text(""), .integer(8), .integer(10), .text("x")),
            .update(.text(""), .integer(5), .integer(30), .text("x")),
            Change(.delete, table: 1, row: Row([.text("x"), .integer(2), nil])),
            Change(.delete, table: 1, row: Row([.text("x"), .integer(3), nil])),
            Change(.insert, table: 1, row: Row([.text("x"), .integer(5), .null])),
        ]
        let found = try await orphans(script, ["child", "parent"], changes)
        #expect(Set(found.map(\.key)) == Set([10, 12, 20, 21].map { Row([.integer($0)]) }))
        #expect(
            found.first { $0.key == Row([.integer(12)]) }
                == Orphan(
                    table: TableName("child"),
                    key: Row([.integer(12)]),
                    columns: ["pa", "pb"],
                    parent: TableName("parent"),
                    parentColumns: ["a", "b"],
                    values: Row([.integer(1), .text("gone")])
                )
        )
        let own = try await orphans(script, ["child"], Array(changes.prefix(4)))
        #expect(own == [])
    }

    @Test("Orphans are found in a table that refers to itself, by values as the parent's column has them, many at once")
    func forms() async throws {
        var found = try await orphans(
            """
            CREATE TABLE node(id INTEGER PRIMARY KEY, up TEXT REFERENCES node(id));
            INSERT INTO node VALUES (1, NULL), (2, '1'), (3, '2');
            """,
            ["node"],
            [
                .delete(.integer(2), nil), .insert(.integer(4), .text("4")), .insert(.integer(5), .text("6")),
                .insert(.integer(6), .text("9")),
            ]
        )
        #expect(Set(found.map(\.key)) == [Row([.integer(3)]), Row([.integer(6)])])
        #expect(found.allSatisfy { $0.columns == ["up"] && $0.parentColumns == ["id"] })

        found = try await orphans(
            """
            CREATE TABLE owner(name TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID;
            CREATE TABLE thing(id INTEGER PRIMARY KEY, owner REFERENCES owner(name), other REFERENCES nowhere(id));
            INSERT INTO owner VALUES ('a'), ('b');
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
            INSERT INTO thing SELECT i, CASE WHEN i % 2 THEN 'A' ELSE 'B' END, NULL FROM n;
            """,
            ["owner", "thing"],
            [.delete(.text("b"))]
                + (1...200).map { Change(.insert, table: 1, row: Row([.integer(1000 + $0), .text("c"), .null])) }
        )
        #expect(found.count == 450)
        #expect(Set(found.map { $0.values[0] }) == [.text("B"), .text("c")])
    }
}
