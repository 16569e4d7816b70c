import Foundation
import TallyEngine
import TallyHarness
import Testing

/// Writes of a source's users that are easily taken for something else.
@Suite(.timeLimit(.minutes(15)))
struct WriterTests {
    /// A flow that runs, over a source that this script made.
    private func following(_ script: String, flow: String = "") async throws -> (Site, ChildProcess) {
        let site = try Site(flow: flow)
        try await site.source.run("PRAGMA journal_mode = WAL;\n" + script)
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        return (site, child)
    }

    /// Waits until a last write is there, and insists that all the others are.
    private func settle(_ site: Site, _ child: ChildProcess) async throws {
        try await site.source.run("CREATE TABLE last (id INTEGER PRIMARY KEY); INSERT INTO last VALUES (1);")
        try await eventually("the last write is there") {
            guard try await site.target.tables().contains("last") else { return false }
            return try await site.target.run("SELECT count(*) FROM last;") == "1"
        }
        try await site.stop(child)
        try await site.requireAgreement()
    }

    @Test
    func aRowThatReplacesAnotherAndIsDeletedInTheSameTransactionLeavesNeither() async throws {
        let (site, child) = try await following(
            """
            CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT UNIQUE, v);
            INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3);
            """
        )
        try await site.source.run(
            """
            BEGIN;
            INSERT OR REPLACE INTO t VALUES (1, 'b', 10);
            DELETE FROM t WHERE id = 1;
            INSERT OR REPLACE INTO t VALUES (9, 'c', 9);
            DELETE FROM t WHERE id = 9;
            INSERT INTO t VALUES (3, 'again', 30);
            COMMIT;
            """
        )
        try await settle(site, child)
        #expect(try await site.target.run("SELECT * FROM t;") == "3|again|30")
    }

    @Test
    func aKeyThatReplacesOneWrittenOtherwiseAndIsDeletedLeavesNeither() async throws {
        let (site, child) = try await following(
            """
            CREATE TABLE t (k TEXT PRIMARY KEY COLLATE NOCASE, v);
            INSERT INTO t VALUES ('Ann', 1), ('bob', 2), ('Cleo', 3), ('dan', 4);
            """
        )
        try await site.source.run(
            "BEGIN; UPDATE OR REPLACE t SET k = 'ANN' WHERE k = 'bob'; DELETE FROM t WHERE k = 'ann'; COMMIT;"
        )
        try await site.source.run("UPDATE OR REPLACE t SET k = 'DAN' WHERE k = 'Cleo';")
        try await settle(site, child)
        #expect(try await site.target.run("SELECT * FROM t;") == "DAN|3")
    }

    @Test
    func rowsComeAndGoAsAFilterStartsAndStopsMatchingThemAlsoUnderAnotherKey() async throws {
        let (site, child) = try await following(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, open INTEGER); INSERT INTO t VALUES (1, 1), (2, 0), (3, 1), (4, 0);",
            flow: "transform: { t: { where: \"open = 1\" } }"
        )
        let rows = "SELECT group_concat(id) FROM (SELECT id FROM t ORDER BY id);"
        try await site.waitForTarget(rows, "1,3")
        try await site.source.run("UPDATE t SET open = 0 WHERE id = 1; UPDATE t SET open = 1 WHERE id = 2;")
        try await site.waitForTarget(rows, "2,3")
        // In, and back out again, within one transaction and across two.
        try await site.source.run(
            "BEGIN; UPDATE t SET open = 1 WHERE id = 4; UPDATE t SET open = 0 WHERE id = 4; COMMIT;"
        )
        try await site.source.run("UPDATE t SET open = 1 WHERE id = 1;")
        try await site.waitForTarget(rows, "1,2,3")
        // Matching rows get other keys; one stops matching with it, one starts to.
        try await site.source.run("UPDATE t SET id = 10 WHERE id = 1;")
        try await site.source.run("UPDATE t SET id = 20, open = 0 WHERE id = 2;")
        try await site.source.run("UPDATE t SET id = 40, open = 1 WHERE id = 4;")
        try await site.waitForTarget(rows, "3,10,40")
        // Onto the key of a row that is not let in, and of one that is.
        try await site.source.run(
            "UPDATE OR REPLACE t SET id = 20 WHERE id = 3; UPDATE OR REPLACE t SET id = 10 WHERE id = 40;"
        )
        try await site.waitForTarget(rows, "10,20")
        try await site.stop(child)
    }

    @Test
    func aWriterThatHasTheFileAttachedToAnotherIsSeen() async throws {
        let (site, child) = try await following(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a');"
        )
        let other = SQLiteShell("other.db", in: site.folder)
        try await other.run(
            """
            CREATE TABLE t (id INTEGER PRIMARY KEY, v);
            INSERT INTO t VALUES (100, 'of the other file');
            ATTACH '\(site.source.path)' AS shop;
            BEGIN;
            INSERT INTO shop.t SELECT value, 'v' || value FROM generate_series(2, 50);
            UPDATE shop.t SET v = 'x' WHERE id = 1;
            DELETE FROM shop.t WHERE id % 2 = 0;
            INSERT INTO t VALUES (101, 'of the other file');
            COMMIT;
            """
        )
        try await settle(site, child)
        #expect(try await site.target.run("SELECT count(*), min(id), max(id) FROM t;") == "25|1|49")
    }

    @Test
    func aSourceThatIsReachedThroughALinkIsFollowedWhoeverWritesTheFileItself() async throws {
        let site = try Site(
            stores: ["source": "link/source.db", "target": "link/target.db"],
            flows: [Site.flow("copy", from: "source", to: "target")]
        )
        let files = FileManager.default
        for folder in ["real", "link"] {
            try files.createDirectory(atPath: site.folder.file(folder), withIntermediateDirectories: true)
        }
        for name in ["source.db", "target.db"] {
            try files.createSymbolicLink(
                atPath: site.folder.file("link/\(name)"),
                withDestinationPath: "../real/\(name)"
            )
        }
        let (source, target) = (
            SQLiteShell("real/source.db", in: site.folder), SQLiteShell("real/target.db", in: site.folder)
        )
        try await source.run(
            "PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a');"
        )
        let check = try await site.run("check")
        #expect(check.exitCode == 0, "\(check.text)")
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        try await source.run("INSERT INTO t VALUES (2, 'b'); UPDATE t SET v = 'x' WHERE id = 1;")
        try await eventually("it is there") { try await target.run("SELECT group_concat(v) FROM t;") == "x,b" }
        try await site.stop(child)
        try await Comparison(source, target).requireAgreement()
        #expect(try files.contentsOfDirectory(atPath: site.folder.file("link")).sorted() == ["source.db", "target.db"])
    }

    @Test
    func triggersThatTheTargetHasOfItsOwnDoNotFireForWhatTheFlowWrites() async throws {
        let site = try Site(flow: "existing: keep")
        try await site.source.run(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');"
        )
        try await site.target.run(
            """
            CREATE TABLE t (id INTEGER PRIMARY KEY, v);
            CREATE TABLE noted (what TEXT);
            CREATE TRIGGER i AFTER INSERT ON t BEGIN INSERT INTO noted VALUES ('insert ' || NEW.id); END;
            CREATE TRIGGER u AFTER UPDATE ON t BEGIN INSERT INTO noted VALUES ('update ' || NEW.id); END;
            CREATE TRIGGER d BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'not here'); END;
            """
        )
        let check = try await site.run("check")
        #expect(check.output.contains("triggers of the target's table do not fire"), "\(check.text)")
        try await site.syncOnce()
        try await site.source.run(
            "UPDATE t SET v = 'x' WHERE id = 1; DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (4, 'd');"
        )
        try await site.syncOnce()
        #expect(try await site.target.run("SELECT group_concat(id || v) FROM t;") == "1x,3c,4d")
        #expect(try await site.target.run("SELECT count(*) FROM noted;") == "0")
        // They are still there for everybody else.
        try await site.target.run("INSERT INTO t VALUES (9, 'own');")
        #expect(try await site.target.run("SELECT * FROM noted;") == "insert 9")
    }

    @Test
    func rowsWithNullInTheirKeyAreLettersOfTheirOwnAndHealWhenTheyAreDeletedOrGetAKey() async throws {
        let (site, child) = try await following(
            "CREATE TABLE t (k TEXT PRIMARY KEY, v); INSERT INTO t VALUES ('a', 1), (NULL, 2), (NULL, 3);"
        )
        func letters(_ count: Int) async throws {
            try await eventually("\(count) letters") { try await site.status().first?.deadLetters == count }
        }
        try await letters(2)
        try await site.source.run("INSERT INTO t VALUES (NULL, 4), ('b', 5), (NULL, 6), (NULL, 7);")
        try await letters(5)
        try await site.source.run("UPDATE t SET k = 'two' WHERE v = 2;")
        try await letters(4)
        try await site.source.run("DELETE FROM t WHERE v = 3;")
        try await letters(3)
        try await site.source.run("UPDATE t SET v = 66 WHERE v = 6; UPDATE t SET k = NULL WHERE k = 'b';")
        try await letters(4)
        #expect(
            try await site.target.run("SELECT group_concat(k || v) FROM (SELECT * FROM t ORDER BY k);") == "a1,two2"
        )
        try await site.source.run("DELETE FROM t WHERE k IS NULL;")
        try await letters(0)
        try await site.stop(child)
        try await site.requireAgreement()
    }
}
