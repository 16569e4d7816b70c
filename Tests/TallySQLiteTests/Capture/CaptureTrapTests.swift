import Foundation
import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("What triggers must not miss", .timeLimit(.minutes(15)))
struct CaptureTrapTests {
    /// Opens a flow, runs the script in the `sqlite3` command, and compares what arrived with the table.
    private func check(
        _ schema: String,
        _ script: String,
        table: String = "t",
        key: [String] = ["id"],
        columns: String = "*",
        journal: String = "wal",
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> Replica {
        let file = try SourceFixture(schema, journal: journal)
        let session = try await file.open()
        var replica = try await Replica(of: session)
        try file.shell(script)
        try await replica.catchUp(with: session)
        let expected = try file.rows(table, key: key, columns: columns)
        #expect(replica[table] == expected)
        #expect(!replica.log.isEmpty)
        await session.close()
        return replica
    }

    @Test("A row that REPLACE removes through a unique index is deleted", arguments: ["wal", "delete"])
    func replaceThroughUniqueIndex(journal: String) async throws {
        let replica = try await check(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT UNIQUE, b); INSERT INTO t VALUES (1, 'x', 0), (2, 'y', 0);",
            "INSERT OR REPLACE INTO t VALUES (3, 'x', 1); UPDATE OR REPLACE t SET a = 'x' WHERE id = 2;",
            journal: journal
        )
        #expect(replica.log == ["delete t", "insert t", "delete t", "update t"])
    }

    @Test("REPLACE is seen through partial, expression and collated unique indexes")
    func replaceThroughSpecialIndexes() async throws {
        _ = try await check(
            """
            CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT COLLATE NOCASE, c INT, d TEXT);
            CREATE UNIQUE INDEX ta ON t(lower(a));
            CREATE UNIQUE INDEX tb ON t(b) WHERE c > 0;
            CREATE UNIQUE INDEX td ON t(d COLLATE RTRIM, c);
            INSERT INTO t VALUES (1, 'Ab', 'p', 1, 'k'), (2, 'cd', 'Q', 1, 'l'), (3, 'ef', 'r', 0, 'm');
            """,
            """
            INSERT OR REPLACE INTO t VALUES (11, 'aB', 'z', 1, 'n');
            INSERT OR REPLACE INTO t VALUES (12, 'u', 'q', 5, 'o');
            REPLACE INTO t VALUES (13, 'v', 'r', 1, 'p');
            REPLACE INTO t VALUES (14, 'w', 's', 0, 'm   ');
            """
        )
    }

    @Test("Upserts, ignored rows and failed statements leave nothing behind that a later write could trip over")
    func upsertsAndIgnoredRows() async throws {
        _ = try await check(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT UNIQUE ON CONFLICT REPLACE, b INT CHECK (b < 100));"
                + "INSERT INTO t VALUES (1, 'x', 0), (2, 'y', 0);",
            """
            INSERT INTO t VALUES (1, 'q', 5) ON CONFLICT(id) DO UPDATE SET b = b + 1;
            INSERT OR IGNORE INTO t VALUES (2, 'z', 5);
            INSERT INTO t VALUES (5, 'y', 7);
            INSERT OR FAIL INTO t VALUES (6, 'six', 1);
            UPDATE t SET a = 'x' WHERE id = 6;
            """
        )
    }

    @Test("A change of key arrives as one update that names the former key")
    func keyChange() async throws {
        let replica = try await check(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 'x'), (2, 'y');",
            "UPDATE t SET id = 7 WHERE id = 1; UPDATE t SET rowid = rowid + 100; UPDATE OR REPLACE t SET id = 107 WHERE id = 102;"
        )
        #expect(replica["t"] == [Row(.integer(107)): Row(.integer(107), .text("y"))])
        #expect(!replica.log.contains("delete t"))
    }

    @Test("A key that changes only in case, or in type, is another key")
    func keyCaseChange() async throws {
        let replica = try await check(
            "CREATE TABLE t(k TEXT COLLATE NOCASE PRIMARY KEY, a) WITHOUT ROWID; INSERT INTO t VALUES ('abc', 1);",
            "UPDATE t SET k = 'ABC';",
            key: ["k"]
        )
        #expect(replica["t"].keys.first == Row(.text("ABC")))
    }

    @Test("Composite keys, STRICT and WITHOUT ROWID tables arrive exactly")
    func compositeKeys() async throws {
        _ = try await check(
            """
            CREATE TABLE t(b TEXT, v ANY, a INT, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID;
            INSERT INTO t VALUES ('p', 1, 1), ('q', 'two', 1);
            """,
            "UPDATE t SET b = 'z', v = x'00ff' WHERE b = 'q'; INSERT INTO t VALUES ('n', NULL, -5); DELETE FROM t WHERE b = 'p';",
            key: ["a", "b"]
        )
    }

    @Test("A table without a key is captured by its rowid, whatever name columns leave to it")
    func keyless() async throws {
        _ = try await check(
            "CREATE TABLE t(rowid TEXT, a); INSERT INTO t VALUES ('same', 1), ('same', 1);",
            "INSERT INTO t VALUES ('same', 1); UPDATE t SET a = 2 WHERE _rowid_ = 2; DELETE FROM t WHERE _rowid_ = 1;",
            key: ["_rowid_"],
            columns: "*, _rowid_"
        )
    }

    @Test("Every kind of value keeps its storage class")
    func values() async throws {
        let replica = try await check(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, i INTEGER, r REAL, x TEXT, n);",
            """
            INSERT INTO t VALUES (1, 9007199254740993, 5, '', NULL);
            INSERT INTO t VALUES (2, 'text', 9e999, NULL, '');
            INSERT INTO t VALUES (3, 1.5, -9e999, x'00610062', x'');
            INSERT INTO t VALUES (4, -9223372036854775808, 1e300, 'é' || char(0) || '日本', 5.0);
            INSERT INTO t VALUES (5, 0, 0, CAST(x'ff41fe' AS TEXT), CAST(x'c328' AS TEXT));
            """
        )
        let rows = replica["t"]
        #expect(rows[Row(.integer(1))]?[2] == .real(5))
        #expect(rows[Row(.integer(2))]?[2] == .real(.infinity))
        #expect(rows[Row(.integer(4))]?[4] == .real(5))
        #expect(
            rows[Row(.integer(5))]?[3]
                == .other(OtherValue(typeName: OtherValue.malformedText, bytes: [0xff, 0x41, 0xfe]))
        )
    }

    @Test("Generated columns and columns with any name are captured")
    func names() async throws {
        _ = try await check(
            """
            CREATE TABLE "se""lect" ("ord er" INTEGER PRIMARY KEY, "NEW" TEXT, "größe" INT, "(SELECT NEW.""x"")",
                twice INT GENERATED ALWAYS AS ("größe" * 2), thrice INT AS ("größe" * 3) STORED, 'it''s' TEXT UNIQUE);
            """,
            """
            INSERT INTO "se""lect" VALUES (1, 'a', 4, 5, 'u'), (2, 'b', 5, 6, 'v');
            REPLACE INTO "se""lect" VALUES (3, 'c', 6, 7, 'u');
            UPDATE "se""lect" SET "größe" = 50;
            """,
            table: "se\"lect",
            key: ["\"ord er\""]
        )
    }

    @Test("A row that a user's trigger writes again arrives as it ends up", arguments: [true, false])
    func userTriggers(isLater: Bool) async throws {
        let triggers = """
            CREATE TRIGGER stamp AFTER UPDATE OF a ON t BEGIN UPDATE t SET stamp = stamp + 1 WHERE id = NEW.id; END;
            CREATE TRIGGER fill AFTER INSERT ON t BEGIN UPDATE t SET stamp = 1 WHERE id = NEW.id; END;
            CREATE TRIGGER guard AFTER DELETE ON t WHEN OLD.a = 'keep' BEGIN
                INSERT INTO t VALUES (OLD.id, 'kept', 0, OLD.u); END;
            """
        let file = try SourceFixture(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a, stamp INT, u TEXT UNIQUE);" + (isLater ? "" : triggers)
        )
        let session = try await file.open()
        var replica = try await Replica(of: session)
        if isLater { try file.shell(triggers) }
        try file.shell(
            """
            INSERT INTO t VALUES (1, 'x', 0, 'p'), (2, 'keep', 0, 'q'), (3, 'y', 0, 'r');
            UPDATE t SET a = 'z' WHERE id = 1;
            UPDATE t SET id = 9 WHERE id = 3;
            DELETE FROM t WHERE id = 2;
            REPLACE INTO t VALUES (20, 'new', 0, 'r');
            """
        )
        try await replica.catchUp(with: session)
        #expect(try replica["t"] == file.rows("t", key: ["id"]))
        await session.close()
    }

    @Test("Foreign key actions that come back to the row do not make it arrive stale")
    func foreignKeyActions() async throws {
        _ = try await check(
            """
            CREATE TABLE t(id INTEGER PRIMARY KEY, boss INT REFERENCES t(id) ON UPDATE CASCADE ON DELETE CASCADE, a);
            INSERT INTO t VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z');
            """,
            "PRAGMA foreign_keys = ON; UPDATE t SET id = 50 WHERE id = 1; DELETE FROM t WHERE id = 2;"
        )
    }

    @Test("Deletes by foreign key actions and by recursive triggers arrive")
    func cascades() async throws {
        _ = try await check(
            """
            CREATE TABLE p(id INTEGER PRIMARY KEY, u UNIQUE);
            CREATE TABLE t(id INTEGER PRIMARY KEY, p REFERENCES p(id) ON DELETE CASCADE);
            INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO t VALUES (1, 1), (2, 1), (3, 2);
            """,
            "PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; REPLACE INTO p VALUES (3, 'a');"
        )
    }

    @Test("A transaction is delivered whole or not at all, and one that is rolled back not")
    func transactions() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT);")
        let session = try await TriggerSession.open(
            path: file.path,
            request: file.request(),
            observer: nil,
            sliceLimit: .kibibytes(4)
        )
        var replica = try await Replica(of: session)
        let writer = try file.connect()
        try writer.execute("BEGIN; INSERT INTO t VALUES (-1, 'undone'); ROLLBACK; BEGIN")
        for id in 0..<2000 { try writer.run("INSERT INTO t VALUES (?, 'some text of a row')", .integer(Int64(id))) }
        let before = try await session.latest()
        #expect(before == replica.position)
        try writer.execute("COMMIT")
        var slices = 0
        while replica["t"].count < 2000 {
            let event = try await session.next()
            guard case .slice(let slice) = event else { continue }
            slices += 1
            #expect(slice.byteCount < 8192)
            #expect((slice.end != nil) == (replica["t"].count + slice.changes.count == 2000))
            replica.apply(event)
        }
        #expect(slices > 10)
        writer.close()
        await session.close()
    }
}
