import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("Changes of structure in a source that is captured", .timeLimit(.minutes(15)))
struct StructureTests {
    @Test("A column that is added, renamed and dropped is followed, and no user's ALTER is refused")
    func alterColumns() async throws {
        let file = try SourceFixture(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b UNIQUE); INSERT INTO t VALUES (1, 2, 3);"
        )
        let session = try await file.open()
        var replica = try await Replica(of: session)

        try file.shell(
            "ALTER TABLE t ADD COLUMN c DEFAULT NULL; INSERT INTO t VALUES (2, 3, 4, 5); UPDATE t SET c = 6 WHERE id = 1;"
        )
        try await replica.catchUp(with: session)
        #expect(replica.log.contains("altered t"))
        #expect(try replica["t"] == file.rows("t", key: ["id"]))

        try file.shell("ALTER TABLE t RENAME COLUMN a TO \"a a\"; UPDATE t SET \"a a\" = 'new' WHERE id = 2;")
        try await replica.catchUp(with: session)
        #expect(replica.schemas[TableName("t")]?.columns.map(\.name) == ["id", "a a", "b", "c"])
        #expect(replica.schemas[TableName("t")]?.columns.map(\.id) == [0, 1, 2, 3])
        #expect(try replica["t"] == file.rows("t", key: ["id"]))

        try file.shell("ALTER TABLE t DROP COLUMN \"a a\"; INSERT INTO t VALUES (3, 8, 9); DELETE FROM t WHERE id = 1;")
        try await replica.catchUp(with: session)
        #expect(replica.schemas[TableName("t")]?.columns.map(\.id) == [0, 2, 3])
        #expect(try replica["t"] == file.rows("t", key: ["id"]))
        await session.close()
    }

    @Test("Rows written between an ALTER and its discovery arrive with the new column", arguments: [true, false])
    func writesRightAfterAlter(hasUserTrigger: Bool) async throws {
        let file = try SourceFixture(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 2), (2, 3), (3, 4);"
        )
        var session = try await file.open()
        var replica = try await Replica(of: session)
        await session.close()
        try file.shell(
            """
            UPDATE t SET a = 20 WHERE id = 3;
            BEGIN; ALTER TABLE t ADD COLUMN b DEFAULT NULL;
            UPDATE t SET b = 'set' WHERE id = 1; INSERT INTO t VALUES (4, 5, 'six'); DELETE FROM t WHERE id = 2;
            UPDATE t SET id = 30 WHERE id = 3;
            \(hasUserTrigger ? "CREATE TRIGGER u AFTER INSERT ON t BEGIN UPDATE t SET b = b || '!' WHERE id = NEW.id; END;" : "")
            INSERT INTO t VALUES (5, 6, 'seven');
            COMMIT;
            """
        )
        session = try await file.open(checkpoint: replica.checkpoint)
        #expect(await session.tables.first?.columns.count == 2)
        try await replica.catchUp(with: session)
        #expect(try replica["t"] == file.rows("t", key: ["id"]))
        await session.close()
    }

    @Test("A row that a new trigger deleted as it was inserted does not stay in the copy")
    func staleRowOfNewTrigger() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY, a);")
        let session = try await file.open()
        var replica = try await Replica(of: session)
        try file.shell(
            """
            CREATE TRIGGER gone AFTER INSERT ON t WHEN NEW.a = 'no' BEGIN DELETE FROM t WHERE id = NEW.id; END;
            INSERT INTO t VALUES (1, 'yes'), (2, 'no');
            """
        )
        try await replica.catchUp(with: session)
        #expect(replica["t"] == [Row(.integer(1)): Row(.integer(1), .text("yes"))])
        await session.close()
    }

    @Test("A trigger that wrote rows again and is gone before anybody looked leaves no stale row in the copy")
    func staleRowOfFormerTrigger() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (3, 0), (4, 0);")
        let session = try await file.open()
        var replica = try await Replica(of: session)
        try file.shell(
            """
            CREATE TRIGGER passing AFTER UPDATE ON t WHEN NEW.id = 3 BEGIN UPDATE t SET a = 99 WHERE id = 3; END;
            UPDATE t SET a = 1;
            DROP TRIGGER passing;
            CREATE TRIGGER passing AFTER INSERT ON t BEGIN UPDATE t SET id = id + 10 WHERE id = NEW.id; END;
            INSERT INTO t VALUES (5, 1);
            DROP TRIGGER passing;
            """
        )
        try await replica.catchUp(with: session)
        #expect(try replica["t"] == file.rows("t", key: ["id"]))
        #expect(replica["t"].count == 3)
        #expect(!replica.log.contains("invalidated t"))
        await session.close()
    }

    @Test("The same change of structure comes again in its place after a restart from before it")
    func replayedAlteration() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 2);")
        let session = try await file.open()
        var replica = try await Replica(of: session)
        let first = replica
        try file.shell(
            "INSERT INTO t VALUES (2, 3); ALTER TABLE t ADD COLUMN b DEFAULT NULL; INSERT INTO t VALUES (3, 4, 5);"
        )
        try await replica.catchUp(with: session)
        await session.close()

        let again = try await file.open(checkpoint: first.checkpoint)
        #expect(await again.tables == Array(first.schemas.values))
        var second = first
        try await second.catchUp(with: again)
        #expect(second.log == replica.log)
        #expect(second.rows == replica.rows)
        await again.close()
    }

    @Test("A table that is created, dropped or renamed while the flow runs is reported in its place")
    func tablesComeAndGo() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY, a);")
        let session = try await file.open(tables: ["*", "!secret*"])
        var replica = try await Replica(of: session)
        try file.shell(
            "CREATE TABLE u(k TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO u VALUES ('early'); CREATE TABLE secrets(x);"
        )
        try await replica.catchUpAndLoad(with: session)
        #expect(replica.log.first == "created u")
        #expect(try replica["u"] == file.rows("u", key: ["k"]))
        #expect(replica.schemas.count == 2)

        try file.shell(
            "INSERT INTO u VALUES ('late'); INSERT INTO t VALUES (1, 1); ALTER TABLE t RENAME TO v; INSERT INTO v VALUES (2, 2);"
        )
        try await replica.catchUpAndLoad(with: session)
        #expect(replica.log.contains("dropped t") && replica.log.contains("created v"))
        #expect(try replica["v"] == file.rows("v", key: ["id"]))

        try file.shell("INSERT INTO v VALUES (3, 3); DROP TABLE v; DROP TABLE u;")
        try await replica.catchUp(with: session)
        #expect(replica.log.contains("dropped u") && replica.log.contains("dropped v"))
        #expect(replica.schemas.isEmpty)
        #expect(try file.tallyTriggers() == "0")
        await session.close()
    }

    @Test("A table that was rebuilt under its name, or lost its triggers, is loaded anew")
    func rebuiltTable() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 'x');")
        let session = try await file.open()
        var replica = try await Replica(of: session)
        try file.shell(
            """
            BEGIN; CREATE TABLE new_t(id INTEGER PRIMARY KEY, b TEXT, a TEXT NOT NULL);
            INSERT INTO new_t SELECT id, 'b', a FROM t; DROP TABLE t; ALTER TABLE new_t RENAME TO t; COMMIT;
            INSERT INTO t VALUES (2, 'c', 'y');
            """
        )
        try await replica.catchUpAndLoad(with: session)
        #expect(replica.log.contains("invalidated t") && !replica.log.contains("dropped t"))
        #expect(try replica["t"] == file.rows("t", key: ["id"]))
        let schema = try #require(replica.schemas[TableName("t")])
        #expect(schema.columns.map(\.id) == [0, 2, 1])

        let trigger = try file.shell(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_tally_*delete'"
        )
        try file.shell("DROP TRIGGER \(trigger); DELETE FROM t WHERE id = 1;")
        try await replica.catchUpAndLoad(with: session)
        #expect(replica.log.contains("invalidated t"))
        #expect(try replica["t"] == file.rows("t", key: ["id"]))
        await session.close()
    }

    @Test("VACUUM makes a table without any key or index be loaded anew, and no other")
    func vacuum() async throws {
        let file = try SourceFixture(
            """
            CREATE TABLE t(a); CREATE TABLE i(a); CREATE INDEX ia ON i(a); CREATE TABLE k(id INTEGER PRIMARY KEY);
            INSERT INTO t VALUES (1), (2), (3); INSERT INTO i SELECT a FROM t; INSERT INTO k SELECT a FROM t;
            """
        )
        let session = try await file.open()
        var replica = try await Replica(of: session)
        try file.shell("DELETE FROM t WHERE a = 1; DELETE FROM i WHERE a = 1; VACUUM; INSERT INTO t VALUES (4);")
        try await replica.catchUpAndLoad(with: session)
        #expect(replica.log.filter { $0.hasPrefix("invalidated") } == ["invalidated t"])
        #expect(try replica["t"] == file.rows("t", key: ["rowid"], columns: "*, rowid"))
        #expect(try replica["i"] == file.rows("i", key: ["rowid"], columns: "*, rowid"))
        await session.close()
    }

    @Test("A unique index that is added is watched for rows that REPLACE removes")
    func addedUniqueIndex() async throws {
        let file = try SourceFixture(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 'x'), (2, 'y');"
        )
        let session = try await file.open()
        var replica = try await Replica(of: session)
        try file.shell("CREATE UNIQUE INDEX ta ON t(a); REPLACE INTO t VALUES (3, 'x');")
        try await replica.catchUpAndLoad(with: session)
        #expect(replica.log.contains("invalidated t"))
        #expect(try replica["t"] == file.rows("t", key: ["id"]))
        try file.shell(
            "REPLACE INTO t VALUES (4, 'y'); DROP INDEX ta; ALTER TABLE t DROP COLUMN a; INSERT INTO t VALUES (5);"
        )
        try await replica.catchUpAndLoad(with: session)
        #expect(try replica["t"] == file.rows("t", key: ["id"]))
        await session.close()
    }

    @Test("A column dropped and added again under its name is another column")
    func readdedColumn() async throws {
        let file = try SourceFixture(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES (1, 'x', 'y');"
        )
        let session = try await file.open()
        var replica = try await Replica(of: session)
        try file.shell("ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a;")
        try await replica.catchUp(with: session)
        #expect(replica.schemas[TableName("t")]?.columns.map(\.id) == [0, 2, 3])
        #expect(try replica["t"] == file.rows("t", key: ["id"]))
        await session.close()
    }
}
