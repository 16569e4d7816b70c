import TallyModel
import TallyPostgres
import Testing

@Suite("Rows of a PostgreSQL target whose foreign keys name nothing", .timeLimit(.minutes(15)))
struct PostgresOrphanTests {
    private static func orphan(
        _ key: Int64,
        _ columns: [String],
        _ values: Value...,
        name: String,
        former: Row? = nil
    ) -> Orphan {
        Orphan(
            table: TableName("child"),
            key: Row([.integer(key)]),
            constraint: name,
            columns: columns,
            parent: TableName("parent"),
            parentColumns: ["a", "b"],
            values: Row(values),
            former: former
        )
    }

    @Test("are found among those written and those that named what is deleted")
    func composite() async throws {
        let database = try await TargetDatabase(
            """
            CREATE TABLE parent (b text, a int, x int, PRIMARY KEY (a, b));
            CREATE TABLE child (note text, pa int, id int PRIMARY KEY, pb text,
                CONSTRAINT whose FOREIGN KEY (pa, pb) REFERENCES parent (a, b) ON DELETE CASCADE);
            INSERT INTO parent VALUES ('x', 1), ('x', 2), ('x', 3);
            INSERT INTO child VALUES ('', 1, 10, 'x'), ('', 2, 20, 'x'), ('', 2, 21, 'x'), ('', 3, 30, 'x'), ('', 1, 40, NULL);
            """
        )
        let (parent, child) = (try await database.schema("parent"), try await database.schema("child"))
        let slice = Slice(
            tables: [child, parent],
            changes: [
                .insert(.text(""), .integer(1), .integer(11), .text("x")),
                .insert(.text(""), .integer(1), .integer(12), .text("gone")),
                .insert(.text(""), .integer(77), .integer(13), .null),
                .update(.text(""), .integer(8), .integer(10), .text("x")),
                .update(.text(""), .integer(5), .integer(30), .text("x")),
                Change(.delete, table: 1, row: Row([.text("x"), .integer(2), nil])),
                Change(.delete, table: 1, row: Row([.text("x"), .integer(3), nil])),
                Change(.insert, table: 1, row: Row([.text("x"), .integer(5), .null])),
            ],
            end: nil,
            byteCount: 0
        )
        let session = try await database.open()
        #expect(try await session.apply(slice, replaying: []).rejections == [])
        let found = try await session.orphans(of: slice)
        let columns = ["pa", "pb"]
        let expected = [
            Self.orphan(10, columns, .integer(8), .text("x"), name: "whose"),
            Self.orphan(12, columns, .integer(1), .text("gone"), name: "whose"),
            Self.orphan(20, columns, .integer(2), .text("x"), name: "whose"),
            Self.orphan(21, columns, .integer(2), .text("x"), name: "whose"),
        ]
        #expect(found.count == expected.count)
        #expect(Set(found) == Set(expected))
        try await session.commit()
        await session.close()
        // The same by a client of its own.
        let answer = try await database.psql(
            """
            SELECT id FROM child c WHERE pa IS NOT NULL AND pb IS NOT NULL
                AND NOT EXISTS (SELECT FROM parent WHERE a = c.pa AND b = c.pb) ORDER BY id
            """
        )
        #expect(answer == "10\n12\n20\n21")
    }

    @Test("are found in a table that refers to itself, in partitions, and only between the slice's tables")
    func forms() async throws {
        let database = try await TargetDatabase(
            """
            CREATE TABLE node (id int PRIMARY KEY, up int REFERENCES node);
            INSERT INTO node VALUES (1, NULL), (2, 1), (3, 2);
            CREATE TABLE owner (id int PRIMARY KEY); INSERT INTO owner VALUES (1), (2);
            CREATE TABLE log (id int, part int, owner int REFERENCES owner, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
            CREATE TABLE log_one PARTITION OF log FOR VALUES IN (1);
            INSERT INTO log VALUES (1, 1, 1), (2, 1, 2);
            """
        )
        let (node, owner, log) = (
            try await database.schema("node"), try await database.schema("owner"), try await database.schema("log")
        )
        let session = try await database.open()
        var slice = Slice(
            tables: [node],
            changes: [
                .delete(.integer(2), nil), .insert(.integer(4), .integer(4)), .insert(.integer(5), .integer(6)),
                .insert(.integer(6), .integer(9)),
            ],
            end: nil,
            byteCount: 0
        )
        _ = try await session.apply(slice, replaying: [])
        var found = try await session.orphans(of: slice)
        #expect(Set(found.map(\.key)) == [Row([.integer(3)]), Row([.integer(6)])])
        #expect(found.allSatisfy { $0.table == $0.parent && $0.columns == ["up"] && $0.parentColumns == ["id"] })

        slice = Slice(
            tables: [owner, log],
            changes: [
                .delete(.integer(2)), Change(.insert, table: 1, row: Row([.integer(3), .integer(1), .integer(7)])),
            ],
            end: nil,
            byteCount: 0
        )
        _ = try await session.apply(slice, replaying: [])
        found = try await session.orphans(of: slice)
        #expect(Set(found.map(\.key)) == [Row([.integer(2), .integer(1)]), Row([.integer(3), .integer(1)])])
        #expect(found.allSatisfy { $0.table == TableName("log") && $0.parent == TableName("owner") })
        slice.tables = [owner]
        slice.changes.removeLast()
        #expect(try await session.orphans(of: slice) == [])
        await session.close()
    }

    @Test("Are found by other columns than the key, by what rows had before the transaction")
    func otherColumns() async throws {
        let database = try await TargetDatabase(
            """
            CREATE TABLE parent (id int PRIMARY KEY, x int, a bigint, b text, UNIQUE (a, b));
            CREATE TABLE child (id int PRIMARY KEY, pb varchar(5), pa int, CONSTRAINT whose FOREIGN KEY (pa, pb) REFERENCES parent (a, b));
            INSERT INTO parent SELECT n, 0, n, 'x' FROM generate_series(1, 40000) n; INSERT INTO parent VALUES (0, 0, NULL, 'x');
            INSERT INTO child SELECT n, 'x', n FROM generate_series(1, 40000) n;
            """
        )
        let (parent, child) = (try await database.schema("parent"), try await database.schema("child"))
        func slice(_ changes: [Change]) -> Slice {
            Slice(tables: [parent, child], changes: changes, end: nil, byteCount: 0)
        }
        let session = try await database.open()
        let few = slice([
            .delete(.integer(1), nil, nil, nil), .update(.integer(2), .integer(5), .integer(2), .text("y")),
            .update(.integer(3), .integer(5), .integer(3), .text("x")), .delete(.integer(0), nil, nil, nil),
            Change(
                .update,
                table: 0,
                row: Row([.integer(50000), .integer(0), .integer(5), .text("x")]),
                formerKey: Row([.integer(5)])
            ),
        ])
        // Another transaction's: nothing is remembered of what nobody signed, or of what was rolled back.
        _ = try await session.apply(few, replaying: [])
        #expect(try await session.orphans(of: few) == [])
        await session.rollback()
        try await session.sign(Position(order: 7))
        _ = try await session.apply(few, replaying: [])
        let found = try await session.orphans(of: few)
        let columns = ["pa", "pb"]
        #expect(
            Set(found) == [
                Self.orphan(1, columns, .integer(1), .text("x"), name: "whose", former: Row([.integer(1)])),
                Self.orphan(2, columns, .integer(2), .text("x"), name: "whose", former: Row([.integer(2)])),
            ]
        )
        #expect(found.count == 2)
        #expect(try await session.orphans(of: few) == [])

        // More than are remembered one by one.
        let many = slice((10_001...40_000).map { .delete(.integer($0), nil, nil, nil) })
        _ = try await session.apply(many, replaying: [])
        #expect(try await session.orphans(of: slice([.delete(.integer(77), nil, nil, nil)])).count == 30_002)
        await session.close()
    }
}
