import Foundation
import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("A source's history", .timeLimit(.minutes(15)))
struct HistoryTests {
    private static let table = "CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 'x');"

    @Test("A flow goes on exactly from its checkpoint, and what was not acknowledged comes again")
    func resuming() async throws {
        let file = try SourceFixture(Self.table)
        let session = try await file.open()
        var replica = try await Replica(of: session)
        try file.shell("INSERT INTO t VALUES (2, 'y');")
        try await replica.catchUp(with: session)
        let before = replica
        try file.shell("UPDATE t SET a = 'z'; DELETE FROM t WHERE id = 1;")
        try await replica.catchUp(with: session)
        try await session.acknowledge(before.position)
        await session.close()

        let next = try await file.open(checkpoint: before.checkpoint)
        var resumed = before
        try await resumed.catchUp(with: next)
        #expect(resumed.rows == replica.rows)
        #expect(try resumed["t"] == file.rows("t", key: ["id"]))
        await next.close()
    }

    @Test("Captured rows are removed when every flow has them, but for the last")
    func removal() async throws {
        let file = try SourceFixture(Self.table)
        let fast = try await file.open(flow: "fast")
        let slow = try await file.open(flow: "slow")
        try file.shell(
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) INSERT INTO t SELECT i, i FROM n;"
        )
        let (latest, behind) = (try await fast.latest(), await slow.start)
        try await fast.acknowledge(latest)
        await fast.close()
        #expect(try file.shell("SELECT min(seq) FROM _tally_log") == "\(behind)")
        try await slow.acknowledge(latest)
        try await slow.acknowledge(behind)
        await slow.close()
        #expect(try file.shell("SELECT count(*), min(seq) = \(latest) FROM _tally_log") == "1|1")
        #expect(try file.shell("SELECT min(acknowledged) = \(latest) FROM _tally_flow") == "1")
    }

    @Test("When a long backlog is removed, the row that stays keeps its exact values, and the flow goes on from it")
    func removalOfBacklog() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, c, d);")
        let session = try await file.open()
        var replica = try await Replica(of: session)
        try file.shell(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000)
            INSERT INTO t SELECT i, i, 1.0, '', x'' FROM n;
            INSERT INTO t VALUES (15001, CAST(x'41ff42' AS TEXT), 9007199254740993, 1e999, x'000100');
            """
        )
        try await replica.catchUp(with: session)
        let last =
            "SELECT seq, at, quote(c0), hex(c1), typeof(c1), quote(c2), c3, quote(c4) FROM _tally_log ORDER BY seq DESC LIMIT 1"
        let before = try file.shell(last)
        try await session.acknowledge(replica.position)
        await session.close()
        #expect(try file.shell("SELECT count(*) FROM _tally_log") == "1")
        #expect(try file.shell(last) == before)

        try file.shell("DELETE FROM t WHERE id < 14000;")
        let next = try await file.open(checkpoint: replica.checkpoint)
        try await replica.catchUp(with: next)
        #expect(try replica["t"] == file.rows("t", key: ["id"]))
        await next.close()
    }

    @Test("A file restored from an older backup is refused, before and after it went on")
    func restoredBackup() async throws {
        let file = try SourceFixture(Self.table, journal: "delete")
        let session = try await file.open()
        var replica = try await Replica(of: session)
        try FileManager.default.copyItem(atPath: file.path, toPath: file.path + ".backup")
        try file.shell("INSERT INTO t VALUES (2, 'y');")
        try await replica.catchUp(with: session)
        await session.close()

        try FileManager.default.removeItem(atPath: file.path)
        try FileManager.default.copyItem(atPath: file.path + ".backup", toPath: file.path)
        await #expect { _ = try await file.open(checkpoint: replica.checkpoint) } throws: {
            ($0 as? StoreError)?.code == .historyWentBackwards
        }
        try file.shell("INSERT INTO t VALUES (3, 'other'); INSERT INTO t VALUES (4, 'more');")
        await #expect { _ = try await file.open(checkpoint: replica.checkpoint) } throws: {
            ($0 as? StoreError)?.code == .historyWentBackwards && "\($0)".contains("tally resync")
        }
    }

    @Test("A backup that is copied over the open file is noticed")
    func restoredInPlace() async throws {
        let file = try SourceFixture(Self.table, journal: "delete")
        let session = try await file.open()
        var replica = try await Replica(of: session)
        let backup = try Data(contentsOf: URL(fileURLWithPath: file.path))
        try file.shell("INSERT INTO t VALUES (2, 'y');")
        try await replica.catchUp(with: session)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file.path))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: backup)
        try handle.close()
        // Two commits, so that the file's counter of changes is not by chance what the open connection knows.
        try file.shell("INSERT INTO t VALUES (3, 'other'); INSERT INTO t VALUES (4, 'more');")
        await #expect { while true { _ = try await session.next() } } throws: {
            ($0 as? StoreError)?.code == .historyWentBackwards
        }
        await session.close()
    }

    @Test("Another file in the source's place is refused")
    func replacedFile() async throws {
        let file = try SourceFixture(Self.table)
        let session = try await file.open()
        let replica = try await Replica(of: session)
        await session.close()
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: file.path + suffix) {
            try FileManager.default.removeItem(atPath: file.path + suffix)
        }
        try file.shell(Self.table)
        await #expect { _ = try await file.open(checkpoint: replica.checkpoint) } throws: {
            ($0 as? StoreError)?.code == .sourceReplaced
        }
        #expect(try file.tallyTriggers() == "0")
    }

    @Test("A file that is deleted or replaced while it is open is not read from or written to any more")
    func deletedFile() async throws {
        let file = try SourceFixture(Self.table)
        let session = try await file.open()
        try FileManager.default.moveItem(atPath: file.path, toPath: file.path + ".moved")
        await #expect { _ = try await session.next() } throws: { ($0 as? StoreError)?.code == .unreachable }
        await #expect { _ = try await session.latest() } throws: { ($0 as? StoreError)?.code == .unreachable }
        await #expect { try await session.acknowledge(session.start) } throws: {
            ($0 as? StoreError)?.code == .unreachable
        }
        await #expect { _ = try await file.open() } throws: { ($0 as? StoreError)?.code == .unreachable }
        await session.close()
        #expect(!FileManager.default.fileExists(atPath: file.path))
    }

    @Test("A gap in the log, or a log that starts too late, is history lost and never skipped")
    func lostRows() async throws {
        let file = try SourceFixture(Self.table)
        let session = try await file.open()
        let replica = try await Replica(of: session)
        try file.shell(
            "INSERT INTO t VALUES (2, 2), (3, 3), (4, 4); DELETE FROM _tally_log WHERE seq = (SELECT max(seq) - 1 FROM _tally_log);"
        )
        await #expect { while true { _ = try await session.next() } } throws: {
            ($0 as? StoreError)?.code == .historyLost
        }
        await session.close()
        try file.shell("DELETE FROM _tally_log WHERE seq < (SELECT max(seq) FROM _tally_log);")
        await #expect { _ = try await file.open(checkpoint: replica.checkpoint) } throws: {
            ($0 as? StoreError)?.code == .historyLost
        }
    }

    @Test("A checkpoint of a flow whose capture was removed is history lost")
    func removedCapture() async throws {
        let file = try SourceFixture(Self.table)
        let session = try await file.open()
        let replica = try await Replica(of: session)
        await session.close()
        let other = try await file.open(flow: "other")
        await other.close()
        try await file.source.remove(flow: "flow")
        await #expect { _ = try await file.open(checkpoint: replica.checkpoint) } throws: {
            ($0 as? StoreError)?.code == .historyLost
        }
    }

    @Test("The fingerprint of a position outlives columns that are added to the log", arguments: [8, 200])
    func widerLog(columns: Int) async throws {
        let file = try SourceFixture(Self.table)
        let session = try await file.open()
        var replica = try await Replica(of: session)
        try file.shell("INSERT INTO t VALUES (2, 'y');")
        try await replica.catchUp(with: session)
        await session.close()
        try file.shell("CREATE TABLE wide(\(Self.columns(columns)));")
        let next = try await file.open(checkpoint: replica.checkpoint)
        try await replica.catchUp(with: next)
        #expect(replica.log == ["created wide"])
        await next.close()
    }

    @Test("A log that is made wider keeps the rows that are still to be taken", arguments: [8, 200])
    func keptRows(columns: Int) async throws {
        let file = try SourceFixture(Self.table)
        let session = try await file.open()
        var replica = try await Replica(of: session)
        await session.close()
        try file.shell("INSERT INTO t VALUES (2, 'y'); UPDATE t SET a = x'00ff' WHERE id = 1;")
        try file.shell("CREATE TABLE wide(\(Self.columns(columns)));")
        let next = try await file.open(checkpoint: replica.checkpoint)
        try file.shell("INSERT INTO wide(c1, c\(columns)) VALUES (7, 'last'); DELETE FROM t WHERE id = 2;")
        try await replica.catchUp(with: next)
        #expect(try replica["t"] == file.rows("t", key: ["id"]))
        #expect(try replica["wide"] == file.rows("wide", key: ["c1"]))
        #expect(try file.shell("SELECT count(*), min(seq) FROM _tally_log WHERE kind >= 0").hasPrefix("4|"))
        await next.close()
    }

    private static func columns(_ count: Int) -> String {
        "c1 INTEGER PRIMARY KEY, " + (2...count).map { "c\($0)" }.joined(separator: ", ")
    }
}
