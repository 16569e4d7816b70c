import Foundation
import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("Flows that share a source", .timeLimit(.minutes(15)))
struct ConsumerTests {
    private static let tables = "CREATE TABLE a(id INTEGER PRIMARY KEY, v); CREATE TABLE b(id INTEGER PRIMARY KEY, v);"

    @Test("Each flow gets the tables that it selects, from one set of triggers")
    func selections() async throws {
        let file = try SourceFixture(Self.tables)
        let both = try await file.open(flow: "both")
        let one = try await file.open(flow: "one", tables: ["b"])
        #expect(try file.tallyTriggers() == "6")
        var (first, second) = (try await Replica(of: both), try await Replica(of: one))
        try file.shell("INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 2); CREATE TABLE c(x PRIMARY KEY);")
        try await second.catchUp(with: one)
        try await first.catchUp(with: both)
        #expect(try first["a"] == file.rows("a", key: ["id"]))
        #expect(try second["b"] == file.rows("b", key: ["id"]))
        #expect(second.log == ["insert b"] && second.schemas.count == 1)
        #expect(first.log.contains("created c"))
        await both.close()
        await one.close()
    }

    @Test("A flow that selects more later gets the new table as a created one, a flow that had it keeps it")
    func widenedSelection() async throws {
        let file = try SourceFixture(Self.tables)
        var session = try await file.open(tables: ["a"])
        var replica = try await Replica(of: session)
        await session.close()
        try file.shell("INSERT INTO b VALUES (1, 'before'); INSERT INTO a VALUES (1, 1);")
        session = try await file.open(tables: ["*"], checkpoint: replica.checkpoint)
        #expect(await session.tables.map(\.name.name) == ["a"])
        try await replica.catchUpAndLoad(with: session)
        #expect(replica.log.contains("created b"))
        #expect(try replica["b"] == file.rows("b", key: ["id"]))
        await session.close()

        session = try await file.open(tables: ["a"], checkpoint: replica.checkpoint)
        await session.close()
        try file.shell("INSERT INTO b VALUES (2, 'unseen');")
        session = try await file.open(tables: ["*"], checkpoint: replica.checkpoint)
        try await replica.catchUpAndLoad(with: session)
        #expect(replica.log.contains("invalidated b"))
        #expect(try replica["b"] == file.rows("b", key: ["id"]))
        await session.close()
    }

    @Test("A flow's name belongs to one target; a target made anew in the same place takes it over")
    func heldName() async throws {
        let file = try SourceFixture(Self.tables)
        try await file.source.open(file.request()).close()
        await #expect {
            _ = try await file.source.open(file.request(target: ("target-2", "elsewhere.db")))
        } throws: {
            ($0 as? StoreError)?.code == .held && "\($0)".contains("copy.db")
        }
        try await file.source.open(file.request(target: ("target-2", "copy.db"))).close()
        #expect(try file.shell("SELECT target_id FROM _tally_flow") == "target-2")
    }

    @Test("Removing flows removes what they alone needed, and the last one removes everything")
    func removal() async throws {
        let file = try SourceFixture(Self.tables + "CREATE TRIGGER mine AFTER INSERT ON a BEGIN SELECT 1; END;")
        try await file.open(flow: "both").close()
        try await file.open(flow: "one", tables: ["b"]).close()
        try await file.source.remove(flow: "both")
        #expect(
            try file.shell(
                "SELECT DISTINCT tbl_name FROM sqlite_schema WHERE name GLOB '_tally_*_*'  AND type = 'trigger'"
            ) == "b"
        )
        try await file.source.remove(flow: "one")
        try await file.source.remove(flow: "one")
        #expect(try file.shell("SELECT group_concat(name) FROM sqlite_schema") == "a,b,mine")
        try FileManager.default.removeItem(atPath: file.path)
        try await file.source.remove(flow: "one")
        #expect(!FileManager.default.fileExists(atPath: file.path))
    }

    @Test("Two sessions that discover the same change of structure record it once")
    func sharedDiscovery() async throws {
        let file = try SourceFixture(Self.tables)
        let sessions = [try await file.open(flow: "x"), try await file.open(flow: "y")]
        try file.shell("ALTER TABLE a ADD COLUMN w; INSERT INTO a VALUES (1, 2, 3);")
        async let first = sessions[0].latest()
        async let second = sessions[1].latest()
        _ = try await (first, second)
        #expect(try file.shell("SELECT count(*) FROM _tally_log WHERE c0 = 'altered'") == "1")
        for session in sessions { await session.close() }
    }

    @Test("A locked source is busy, and a removal that finds it locked changes nothing")
    func lockedSource() async throws {
        let file = try SourceFixture(Self.tables)
        let session = try await file.open()
        let writer = try file.connect()
        try writer.execute("BEGIN IMMEDIATE; INSERT INTO a VALUES (1, 1)")
        await #expect { try await file.source.remove(flow: "flow") } throws: { ($0 as? StoreError)?.code == .busy }
        try await session.acknowledge(Position(order: session.start.order))
        try writer.execute("COMMIT")
        writer.close()
        var replica = try await Replica(of: session, isLoading: false)
        try await replica.catchUp(with: session)
        #expect(replica.log == ["insert a"])
        await session.close()
    }
}
