import Foundation
import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("The file of a SQLite target", .timeLimit(.minutes(15)))
struct TargetFileTests {
    private static let table = "CREATE TABLE t(id INTEGER PRIMARY KEY, v);"

    @Test("is made in WAL mode when it is not there")
    func made() async throws {
        let fixture = try TargetFixture(source: Self.table)
        #expect(try await fixture.target.progress(of: "flow") == nil)
        #expect(!FileManager.default.fileExists(atPath: fixture.path))
        #expect(try await fixture.copy("t") == ApplyOutcome())
        #expect(try fixture.shell("PRAGMA journal_mode") == "wal")
        #expect(try await fixture.target.catalog().map(\.name) == [TableName("t")])
    }

    @Test("holds all rows without its write-ahead log after a commit that made that long")
    func shortened() async throws {
        let fixture = try TargetFixture(target: Self.table)
        try fixture.shell("PRAGMA journal_mode=WAL")
        let schema = try fixture.schema("t", on: fixture.path)
        let session = try await fixture.open()
        let value = Value.bytes([UInt8](repeating: 7, count: 100_000))
        for id in 1...400 { _ = try await session.apply([.insert(.integer(Int64(id)), value)], to: schema) }
        try await session.commit()
        // Comes after what the commit left to be done.
        #expect(try await session.isEmpty(TableName("t")) == false)
        let alone = fixture.folder.appending(path: "alone.db").path
        try FileManager.default.copyItem(atPath: fixture.path, toPath: alone)
        #expect(try fixture.shell("SELECT count(*), sum(length(v)) FROM t", on: alone) == "400|40000000")
        await session.close()
    }

    @Test("keeps the journal mode that it has")
    func journal() async throws {
        let fixture = try TargetFixture(target: Self.table)
        let session = try await fixture.open()
        _ = try await session.apply([.insert(.integer(1), .text("a"))], to: try fixture.schema("t", on: fixture.path))
        try await session.commit()
        try await session.makeDurable()
        await session.close()
        #expect(try fixture.shell("PRAGMA journal_mode; SELECT v FROM t") == "delete\na")
    }

    @Test("is read where a process died in the middle of writing it", arguments: ["delete", "wal"])
    func leftHalfWritten(mode: String) async throws {
        let fixture = try TargetFixture(target: Self.table)
        try fixture.shell(
            """
            PRAGMA journal_mode = \(mode);
            INSERT INTO t SELECT value, hex(randomblob(500)) FROM generate_series(1, 2000);
            """
        )
        let died = Process()
        died.executableURL = URL(filePath: "/usr/bin/env")
        died.arguments = [
            "sqlite3", "-cmd", "PRAGMA cache_size = 5", "-cmd", "BEGIN", "-cmd", "UPDATE t SET v = 'half'",
            fixture.path,
            ".shell kill -9 $PPID",
        ]
        died.standardOutput = nil
        try died.run()
        died.waitUntilExit()
        #expect(died.terminationReason == .uncaughtSignal)
        #expect(try await fixture.target.progress(of: "flow") == nil)
        #expect(try await fixture.target.catalog().map(\.name) == [TableName("t")])
        #expect(try fixture.shell("SELECT count(*), count(*) FILTER (WHERE v = 'half') FROM t") == "2000|0")
    }

    @Test("is not made in a folder that is not there, which is named")
    func folder() async throws {
        let fixture = try TargetFixture()
        let target = SQLiteTarget(path: fixture.folder.appending(path: "no/such/target.db").path)
        let error = await #expect(throws: StoreError.self) {
            try await target.open(flow: "flow", runner: .current(), takeOver: false)
        }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains("no/such does not exist") == true)
    }

    @Test("must be a database")
    func damaged() async throws {
        let fixture = try TargetFixture()
        try Data(repeating: 65, count: 4096).write(to: URL(fileURLWithPath: fixture.path))
        let error = await #expect(throws: StoreError.self) { try await fixture.open() }
        #expect(error?.code == .damaged)
    }

    @Test("is not written when it was deleted or replaced while open", arguments: [false, true])
    func replaced(byAnother: Bool) async throws {
        let fixture = try TargetFixture(target: Self.table)
        let schema = try fixture.schema("t", on: fixture.path)
        let session = try await fixture.open()
        _ = try await session.apply([.insert(.integer(1), .text("a"))], to: schema)
        try FileManager.default.removeItem(atPath: fixture.path)
        if byAnother { try fixture.shell(Self.table) }
        let error = await #expect(throws: StoreError.self) { try await session.commit() }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains("deleted or replaced") == true)
        let again = await #expect(throws: StoreError.self) {
            try await session.apply([.insert(.integer(2), .text("b"))], to: schema)
        }
        #expect(again?.code == .unreachable)
        await session.close()
        if byAnother { #expect(try fixture.shell("SELECT count(*) FROM t") == "0") }
    }

    @Test("is waited for while another process writes, and then reported busy")
    func busy() async throws {
        let fixture = try TargetFixture(target: Self.table)
        let session = try await fixture.open()
        let other = try Connection(path: fixture.path, access: .readWrite)
        try other.execute("BEGIN IMMEDIATE")
        let error = await #expect(throws: StoreError.self) { try await session.commit() }
        #expect(error?.code == .busy)
        try other.execute("COMMIT")
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT count(*) FROM _tally_checkpoint") == "1")
    }

    @Test("does not fire its users' triggers")
    func triggers() async throws {
        let fixture = try TargetFixture(
            target: Self.table
                + """
                CREATE TABLE seen(v); INSERT INTO t VALUES (1, 'old');
                CREATE TRIGGER i AFTER INSERT ON t BEGIN INSERT INTO seen VALUES ('insert'); END;
                CREATE TRIGGER u AFTER UPDATE ON t BEGIN INSERT INTO seen VALUES ('update'); END;
                CREATE TRIGGER d BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'no'); END;
                """
        )
        let schema = try fixture.schema("t", on: fixture.path)
        let session = try await fixture.open()
        let changes: [Change] = [
            .insert(.integer(2), .text("b")), .update(.integer(2), .text("c")), .delete(.integer(1), nil),
        ]
        #expect(try await session.apply(changes, to: schema) == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT * FROM t; SELECT count(*) FROM seen") == "2|c\n0")
    }

    @Test("fires Tally's triggers where another flow captures it, rows that give way included")
    func chain() async throws {
        let fixture = try TargetFixture(
            target: """
                CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE); INSERT INTO t VALUES (1, 'x');
                CREATE TABLE _tally_log(what);
                CREATE TRIGGER _tally_1_insert AFTER INSERT ON t
                    BEGIN INSERT INTO _tally_log VALUES ('+' || NEW.id); END;
                CREATE TRIGGER _tally_1_delete AFTER DELETE ON t
                    BEGIN INSERT INTO _tally_log VALUES ('-' || OLD.id); END;
                """
        )
        let schema = try fixture.schema("t", on: fixture.path)
        let session = try await fixture.open()
        _ = try await session.apply([.insert(.integer(2), .text("x"))], to: schema, replaying: true)
        try await session.commit()
        #expect(
            try fixture.shell("SELECT group_concat(what, '') FROM (SELECT what FROM _tally_log ORDER BY what)")
                == "+2-1"
        )

        // A user's trigger would now fire too; it is noticed though it came while the session was open.
        try fixture.shell("CREATE TRIGGER mine AFTER INSERT ON t BEGIN SELECT 1; END")
        let error = await #expect(throws: StoreError.self) {
            try await session.apply([.insert(.integer(3), .text("y"))], to: schema)
        }
        #expect(error?.code == .incompatibleSchema)
        #expect(error?.table == TableName("t"))
        #expect(error?.message.contains("mine") == true)
        await session.close()
        #expect(try fixture.shell("SELECT count(*) FROM t") == "1")
    }

    @Test("does not enforce foreign keys: parents and children may come in any order")
    func foreignKeys() async throws {
        let fixture = try TargetFixture(
            source: """
                CREATE TABLE t(id INTEGER PRIMARY KEY, up INT REFERENCES t ON DELETE CASCADE);
                INSERT INTO t VALUES (1, 2), (2, NULL);
                """
        )
        #expect(try await fixture.copy("t") == ApplyOutcome())
        let session = try await fixture.open()
        #expect(try await session.apply([.delete(.integer(2), nil)], to: try fixture.schema("t")) == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT * FROM t") == "1|2")
    }

    @Test("may be restructured by others while open")
    func restructured() async throws {
        let fixture = try TargetFixture(target: Self.table)
        let schema = try fixture.schema("t", on: fixture.path)
        let session = try await fixture.open()
        _ = try await session.apply([.insert(.integer(1), .text("a"))], to: schema)
        try await session.commit()
        try fixture.shell("DROP TABLE t; CREATE TABLE t(v TEXT, id TEXT PRIMARY KEY, extra DEFAULT 'e')")
        _ = try await session.apply([.insert(.integer(2), .text("b"))], to: schema)
        try await session.commit()
        try fixture.shell("DROP TABLE t")
        let error = await #expect(throws: StoreError.self) {
            try await session.apply([.insert(.integer(3), .text("c"))], to: schema)
        }
        #expect(error?.code == .missingTable)
        await session.close()
    }
}
