import TallyGroup
import TallyHarness
import Testing

/// Keys of SQLite files that are more or less than a key.
@Suite(.timeLimit(.minutes(15)))
struct GroupKeyTests {
    @Test
    func rowsWithNullInTheirKeyAreLeftOutInSight() async throws {
        let group = try GroupSite(tables: "t: {}")
        let (eu, us) = (group.shell("eu"), group.shell("us"))
        try await eu.run(
            "CREATE TABLE t (id TEXT PRIMARY KEY, v TEXT); INSERT INTO t VALUES (NULL, 'a'), (NULL, 'b'), ('c', 'c');"
        )
        #expect(try await group.site.run("check").output.contains("2 rows have NULL in the key (id)"))
        let answer = try await group.site.run("run", "--once")
        #expect(answer.exitCode == 1 && answer.text.contains("2 rows are left out of the group"), "\(answer.text)")
        #expect(try await us.run("SELECT v FROM t;") == "c")
        #expect(try await eu.run("SELECT v FROM t ORDER BY v;") == "a\nb\nc")
        // One more, one that gets a key, one that loses it, and one that goes.
        try await eu.run(
            """
            INSERT INTO t VALUES (NULL, 'd'); UPDATE t SET id = 'a' WHERE v = 'a'; UPDATE t SET id = NULL WHERE v = 'c';
            DELETE FROM t WHERE v = 'd'; UPDATE t SET v = 'bb' WHERE v = 'b';
            """
        )
        #expect(try await group.site.run("run", "--once").exitCode == 1)
        #expect(try await us.run("SELECT * FROM t;") == "a|a")
        let status = try await group.statuses()[0].members[0]
        #expect(status.leftOut == 2)
        #expect(try await group.site.run("status").output.contains("t: 2 rows are left out of the group"))
        try await eu.run("UPDATE t SET id = v WHERE id IS NULL;")
        try await group.site.syncOnce()
        #expect(try await us.run("SELECT id FROM t ORDER BY id;") == "a\nbb\nc")
        #expect(try await group.statuses()[0].members[0].leftOut == 0)
    }

    @Test
    func membersThatAllFoldKeysAlikeHoldOneRow() async throws {
        let group = try GroupSite(tables: "t: {}")
        let table = "CREATE TABLE t (id TEXT PRIMARY KEY COLLATE NOCASE, v INT);"
        for member in ["eu", "us", "edge"] { try await group.shell(member).run(table) }
        try await group.site.syncOnce()
        try await group.shell("eu").run("INSERT INTO t VALUES ('Tea', 1);")
        try await group.site.syncOnce()
        try await group.shell("us").run("UPDATE t SET v = 2 WHERE id = 'TEA'; UPDATE t SET id = 'tea';")
        try await group.site.syncOnce()
        for member in ["eu", "us", "edge"] {
            #expect(try await group.shell(member).run("SELECT lower(id), v FROM t;") == "tea|2", "\(member)")
        }
        try await group.shell("edge").run("DELETE FROM t WHERE id = 'TEA';")
        try await group.site.syncOnce()
        #expect(try await group.shell("eu").run("SELECT count(*) FROM t;") == "0")
    }

    @Test
    func aMemberThatFoldsKeysWhileOthersDoNotIsRefused() async throws {
        let group = try GroupSite(tables: "t: {}")
        try await group.shell("eu").run("CREATE TABLE t (id TEXT PRIMARY KEY, v INT); INSERT INTO t VALUES ('A', 1);")
        try await group.shell("us").run("CREATE TABLE t (id TEXT PRIMARY KEY COLLATE NOCASE, v INT);")
        let check = try await group.site.run("check")
        #expect(check.exitCode == 1)
        #expect(
            check.output.contains("us: t: the key id takes texts for one that the group tells apart (COLLATE NOCASE)")
        )
        let answer = try await group.site.run("run", "--once")
        #expect(answer.exitCode == 1 && answer.text.contains("COLLATE NOCASE"), "\(answer.text)")
        #expect(try await group.shell("us").run("SELECT count(*) FROM t;") == "0")
    }

    @Test
    func aWholeRealAndAnIntegerAreOneKey() async throws {
        let group = try GroupSite(tables: "t: {}")
        try await group.shell("eu").run("CREATE TABLE t (id PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1);")
        try await group.site.syncOnce()
        try await group.shell("us").run("DELETE FROM t; INSERT INTO t VALUES (1.0, 2);")
        try await group.site.syncOnce()
        for member in ["eu", "us", "edge"] {
            #expect(try await group.shell(member).run("SELECT id = 1, v FROM t;") == "1|2", "\(member)")
        }
    }
}
