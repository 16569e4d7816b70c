import TallyModel
import TallyPostgres
import Testing

@Suite("What stands against a change of a PostgreSQL target", .timeLimit(.minutes(15)))
struct PostgresViolationTests {
    /// Asks of each change of one table, in a transaction that commits a row besides; nothing else may come of it.
    private static func violations(
        _ script: String,
        of changes: [Change],
        user: String? = nil,
        untouched query: String = "SELECT * FROM t ORDER BY 1"
    ) async throws -> [Violation?] {
        let database = try await TargetDatabase(
            "CREATE TABLE other (id int PRIMARY KEY, code text UNIQUE); INSERT INTO other VALUES (1, 'x');" + script,
            user: user
        )
        let before = try await database.psql(query)
        let (schema, other) = (try await database.schema("t"), try await database.schema("other"))
        let session = try await database.open()
        try await session.apply([.insert(.integer(2), .text("kept"))], to: other)
        let slice = Slice(tables: [schema], changes: changes, end: nil, byteCount: 0)
        var found: [Violation?] = []
        for index in changes.indices {
            found.append(try await session.violation(of: index, in: slice))
            // A slice that fails before and after is undone by itself.
            try await session.apply([.insert(.integer(9), .text("x"))], to: other)
        }
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT id FROM other ORDER BY id") == "1\n2")
        #expect(try await database.psql(query) == before)
        return found
    }

    @Test("names a unique constraint, its columns and the rows that hold the values")
    func unique() async throws {
        let found = try await Self.violations(
            """
            CREATE TABLE t (a int, b text, id int PRIMARY KEY, c text, UNIQUE (a, b), CONSTRAINT one_c UNIQUE (c));
            INSERT INTO t VALUES (1, 'x', 1, 'p'), (2, 'x', 2, 'q'), (3, NULL, 3, NULL);
            """,
            of: [
                .insert(.integer(2), .text("x"), .integer(7), .text("new")),
                .update(.integer(2), .text("x"), .integer(1), .text("p")),
                .update(.integer(1), .text("x"), .integer(2), .text("p")),
                .update(.integer(4), .text("y"), .integer(2), .text("p")),
                .insert(.integer(3), .null, .integer(8), .null),
            ]
        )
        #expect(found.map { $0?.kind } == [.unique, .unique, .unique, .unique, nil])
        #expect(found.map { $0?.constraint } == ["t_a_b_key", "t_a_b_key", "t_a_b_key", "one_c", nil])
        #expect(found[0]?.columns == ["a", "b"])
        #expect(found[3]?.columns == ["c"])
        let obstacles = found.map { $0?.obstacles ?? [] }
        #expect(
            obstacles == [[Row([.integer(2)])], [Row([.integer(2)])], [Row([.integer(1)])], [Row([.integer(1)])], []]
        )
        #expect(
            found[0]?.reason == "another row has the same key or unique value, constraint t_a_b_key (SQLSTATE 23505)"
        )
    }

    @Test("finds rows by an index over an expression, of some rows, under another collation, or with equal NULLs")
    func indexes() async throws {
        let found = try await Self.violations(
            """
            CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            CREATE TABLE t (id int, part text, name text, live bool, tag text, n int,
                double int GENERATED ALWAYS AS (n * 2) STORED, note text DEFAULT 'none', PRIMARY KEY (id, part));
            CREATE UNIQUE INDEX by_lower ON t (lower(name));
            CREATE UNIQUE INDEX one_live ON t (n) WHERE live;
            CREATE UNIQUE INDEX by_tag ON t (tag COLLATE nocase) WHERE tag <> 'any';
            CREATE UNIQUE INDEX by_double ON t ((double + 1), length(note)) WHERE n > 100;
            CREATE UNIQUE INDEX one_null ON t (n) NULLS NOT DISTINCT WHERE tag = 'any';
            INSERT INTO t VALUES (1, 'p', 'Anna', true, 'One', 1), (2, 'p', 'Bert', false, 'Two', 2),
                (3, 'q', 'Carl', false, 'any', NULL), (4, 'q', 'Dora', false, 'Four', 200), (5, 'q', 'Emil', false, 'V', 201);
            """,
            of: [
                .insert(
                    .integer(9),
                    .text("z"),
                    .text("ANNA"),
                    .boolean(false),
                    .text("t"),
                    .integer(1),
                    .text("none")
                ),
                .insert(.integer(9), .text("z"), .text("new"), .boolean(true), .text("t"), .integer(1), .text("none")),
                .insert(
                    .integer(9),
                    .text("z"),
                    .text("new"),
                    .boolean(false),
                    .text("TWO"),
                    .integer(1),
                    .text("none")
                ),
                .insert(
                    .integer(9),
                    .text("z"),
                    .text("new"),
                    .boolean(false),
                    .text("t"),
                    .integer(200),
                    .text("none")
                ),
                .insert(.integer(9), .text("z"), .text("new"), .boolean(false), .text("any"), .null, .text("none")),
                .insert(.integer(9), .text("z"), .text("new"), .boolean(false), .text("t"), .integer(2), .text("none")),
            ]
        )
        #expect(found.map { $0?.constraint } == ["by_lower", "one_live", "by_tag", "by_double", "one_null", nil])
        #expect(found.map { $0?.columns } == [["name"], ["n"], ["tag"], [], ["n"], nil])
        #expect(found.map { $0?.foldings } == [[.caseless], nil, nil, nil, nil, nil])
        func key(_ id: Int64, _ part: String) -> [Row]? { [Row([.integer(id), .text(part)])] }
        let keys: [[Row]?] = [key(1, "p"), key(1, "p"), key(2, "p"), key(4, "q"), key(3, "q"), nil]
        #expect(found.map { $0?.obstacles } == keys)
    }

    @Test("tells how a unique constraint compares texts, where it is about columns")
    func foldings() async throws {
        let found = try await Self.violations(
            """
            CREATE EXTENSION citext;
            CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            CREATE TABLE t (id int PRIMARY KEY, a citext UNIQUE, b char(3) UNIQUE, c varchar(9), d text COLLATE nocase UNIQUE,
                "e f" text COLLATE "C", n numeric UNIQUE, UNIQUE (b, a));
            CREATE UNIQUE INDEX by_upper ON t (upper(c));
            CREATE UNIQUE INDEX by_lower ON t (lower("e f"));
            INSERT INTO t VALUES (1, 'a', 'b', 'c', 'd', 'e', 1.0);
            """,
            of: [
                .insert(.integer(2), .text("A"), .text("z"), .text("z"), .text("z"), .text("z"), .integer(2)),
                .insert(.integer(2), .text("z"), .text("b"), .text("z"), .text("z"), .text("z"), .integer(2)),
                .insert(.integer(2), .text("z"), .text("z"), .text("C"), .text("z"), .text("z"), .integer(2)),
                .insert(.integer(2), .text("z"), .text("z"), .text("z"), .text("D"), .text("z"), .integer(2)),
                .insert(.integer(2), .text("z"), .text("z"), .text("z"), .text("z"), .text("E"), .integer(2)),
                .insert(.integer(2), .text("z"), .text("z"), .text("z"), .text("z"), .text("z"), .decimal("1.00")),
            ]
        )
        #expect(found.map { $0?.columns } == [["a"], ["b"], ["c"], ["d"], ["e f"], ["n"]])
        let caseless = found[0]?.foldings
        #expect(caseless == [.caseless] || caseless == [.ascii])
        #expect(found.map { $0?.foldings } == [caseless, [.trimming], caseless, nil, [.ascii], [.exact]])
    }

    @Test("finds rows by exclusion constraints and in partitions")
    func exclusion() async throws {
        var found = try await Self.violations(
            """
            CREATE TABLE t (id int PRIMARY KEY, during int4range, CONSTRAINT apart EXCLUDE USING gist (during WITH &&));
            INSERT INTO t VALUES (1, '[1,5)'), (2, '[5,9)'), (3, '[20,30)');
            """,
            of: [
                .insert(.integer(7), .other(OtherValue(typeName: "int4range", bytes: Array("[4,6)".utf8)))),
                .update(.integer(1), .other(OtherValue(typeName: "int4range", bytes: Array("[3,4)".utf8)))),
            ]
        )
        #expect(found[0]?.kind == .unique)
        #expect(found[0]?.constraint == "apart")
        #expect(found[0]?.columns == ["during"])
        #expect(Set(found[0]?.obstacles ?? []) == [Row([.integer(1)]), Row([.integer(2)])])
        #expect(found[1] == nil)

        found = try await Self.violations(
            """
            CREATE TABLE t (id int, part int, code text, n int CHECK (n > 0), PRIMARY KEY (id, part), UNIQUE (code, part))
                PARTITION BY LIST (part);
            CREATE TABLE t_one PARTITION OF t FOR VALUES IN (1);
            CREATE TABLE t_two PARTITION OF t FOR VALUES IN (2);
            CREATE UNIQUE INDEX only_two ON t_two (n);
            INSERT INTO t VALUES (1, 1, 'a', 1), (2, 2, 'a', 1);
            """,
            of: [
                .insert(.integer(9), .integer(1), .text("a"), .integer(5)),
                .insert(.integer(9), .integer(2), .text("new"), .integer(1)),
                .insert(.integer(9), .integer(2), .text("new"), .integer(0)),
                .insert(.integer(9), .integer(3), .text("new"), .integer(1)),
            ]
        )
        #expect(found.map { $0?.kind } == [.unique, .unique, .check, .check])
        #expect(found.map { $0?.columns } == [["code", "part"], ["n"], ["n"], []])
        #expect(found[0]?.obstacles == [Row([.integer(1), .integer(1)])])
        #expect(found[1]?.obstacles == [Row([.integer(2), .integer(2)])])
    }

    @Test("names checks, NULLs and values that a column cannot hold")
    func others() async throws {
        let found = try await Self.violations(
            """
            CREATE TABLE t (id int PRIMARY KEY, low int, high int NOT NULL, s varchar(3), CONSTRAINT ordered CHECK (low < high));
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
            CREATE TRIGGER refusing BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.low = 7) EXECUTE FUNCTION refuse();
            ALTER TABLE t ENABLE ALWAYS TRIGGER refusing;
            INSERT INTO t VALUES (1, 1, 2, 'a');
            """,
            of: [
                .insert(.integer(2), .integer(5), .integer(4), .text("a")),
                .insert(.integer(2), .integer(5), .null, .text("a")),
                .insert(.integer(2), .integer(1), .integer(4), .text("secret")),
                .insert(.integer(2), .integer(1), .integer(1 << 40), .text("a")),
                .insert(.integer(2), .integer(7), .integer(8), .text("a")),
                .update(.integer(3), .integer(7), nil, .text("a")), .update(.integer(1), .integer(1), nil, nil),
                .delete(.integer(1), nil, nil, nil),
            ]
        )
        #expect(found.map { $0?.kind } == [.check, .notNull, .other, .other, .other, .other, nil, nil])
        #expect(found[0]?.constraint == "ordered")
        #expect(found[0]?.columns == ["low", "high"])
        #expect(found[1]?.columns == ["high"])
        #expect(found.compactMap { $0?.reason }.allSatisfy { !$0.isEmpty && !$0.contains("secret") })
    }

    @Test("names foreign keys where the server enforces them, and no orphans then")
    func foreignKeys() async throws {
        let database = try await TargetDatabase(
            """
            CREATE TABLE parent (id int PRIMARY KEY, name text); INSERT INTO parent VALUES (1, 'a'), (2, 'b');
            CREATE TABLE child (id int PRIMARY KEY, parent_id int CONSTRAINT whose REFERENCES parent
                DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO child VALUES (1, 1);
            CREATE ROLE plain LOGIN; GRANT ALL ON SCHEMA public TO plain;
            GRANT ALL ON ALL TABLES IN SCHEMA public TO plain;
            """,
            user: "plain"
        )
        try await database.psql("GRANT ALL ON DATABASE \(database.name) TO plain")
        let (parent, child) = (try await database.schema("parent"), try await database.schema("child"))
        let slice = Slice(
            tables: [parent, child],
            changes: [
                Change(.insert, table: 1, row: Row([.integer(2), .integer(9)])),
                Change(.delete, table: 0, row: Row([.integer(1), nil])),
                Change(.delete, table: 0, row: Row([.integer(2), nil])),
            ],
            end: nil,
            byteCount: 0
        )
        let session = try await database.open()
        let first = try await session.violation(of: 0, in: slice)
        #expect(first?.kind == .foreignKey)
        #expect(first?.constraint == "whose")
        #expect(first?.columns == ["parent_id"])
        let second = try await session.violation(of: 1, in: slice)
        #expect(second?.kind == .foreignKey)
        #expect(second?.columns == ["id"])
        #expect(try await session.violation(of: 2, in: slice) == nil)
        #expect(try await session.orphans(of: slice) == [])
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT count(*) FROM parent") == "2")
    }

    @Test("finds rows that share what only one may have, where the server does not look")
    func duplicates() async throws {
        let database = try await TargetDatabase(
            """
            CREATE TABLE t (a int, b text, email text, span int4range, PRIMARY KEY (a, b),
                CONSTRAINT one_email UNIQUE (email) DEFERRABLE INITIALLY DEFERRED,
                CONSTRAINT apart EXCLUDE USING gist (span WITH &&) WHERE (a > 0) DEFERRABLE,
                CONSTRAINT at_once UNIQUE (b, email));
            INSERT INTO t VALUES (1, 'x', 'ada', '[1,5)'), (2, 'x', 'ben', '[5,9)'), (3, 'x', NULL, NULL);
            """
        )
        let schema = try await database.schema("t")
        func row(_ a: Int64, _ b: String, _ email: String?, _ span: String?) -> Row {
            let range = span.map { Value.other(OtherValue(typeName: "int4range", bytes: Array($0.utf8))) }
            return Row([.integer(a), .text(b), email.map { .text($0) } ?? .null, range ?? .null])
        }
        let slice = Slice(
            tables: [schema],
            changes: [
                Change(.update, table: 0, row: row(2, "x", "ben", "[4,9)")),
                Change(.insert, table: 0, row: row(4, "y", "ada", nil)),
                Change(.insert, table: 0, row: row(5, "y", nil, nil)),
                Change(.insert, table: 0, row: row(6, "z", "ada", nil)),
                Change(.insert, table: 0, row: row(-7, "x", nil, "[1,9)")),
                Change(.delete, table: 0, row: row(3, "x", nil, nil)),
            ],
            end: nil,
            byteCount: 0
        )
        let session = try await database.open()
        #expect(try await session.apply(slice, replaying: []).rejections.isEmpty)
        let found = try await session.duplicates(of: slice)
        let pairs = found.map { found in
            let ids = found.keys.map { if case .integer(let id)? = $0[0] { id } else { Int64(0) } }
            return "\(found.constraint) \(ids.sorted())"
        }
        #expect(Set(pairs) == ["one_email [1, 4]", "one_email [1, 6]", "one_email [4, 6]", "apart [1, 2]"])
        #expect(found.count == 4)
        #expect(found.allSatisfy { $0.keys.allSatisfy { $0.values.count == 2 } })
        let one = try #require(found.first { $0.constraint == "one_email" })
        #expect(one.columns == ["email"] && one.foldings == [.exact])
        #expect(found.first { $0.constraint == "apart" }?.foldings == nil)
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT count(*) FROM t WHERE email = 'ada'") == "3")
    }
}
