import Foundation
import TallyHarness
import Testing

/// A member whose log ends while the group runs joins again by itself.
@Suite(.timeLimit(.minutes(15)))
struct GroupRejoinTests {
    @Test(arguments: ["publication", "slot"])
    func aPostgresMemberThatLosesWhatItsLogIsReadByJoinsAgainWhileTheGroupRuns(_ what: String) async throws {
        let ends = try await PostgresSite()
        try await ends.source.psql("CREATE TABLE items (id int PRIMARY KEY, v text); INSERT INTO items VALUES (1, 'a')")
        let group = try GroupSite(
            ["eu": .postgres(ends.source.url), "edge": "edge.db"],
            members: ["eu", "edge"],
            tables: "items: {}"
        )
        let child = try group.site.start("run")
        try await group.waitUntilLive(child)
        let drop =
            what == "slot"
            ? """
            SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database();
            SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()
            """
            : "SELECT format('DROP PUBLICATION %I', pubname) FROM pg_publication \\gexec"
        // The stream may have been opened again before the slot could be dropped.
        try await eventually("the \(what) is dropped") {
            do {
                try await ends.source.psql(drop)
                return true
            } catch {
                return false
            }
        }
        try await ends.source.psql("INSERT INTO items VALUES (2, 'b')")
        try await eventually("what was written meanwhile is in the file") {
            try await group.shell("edge").run("SELECT v FROM items WHERE id = 2;") == "b"
        }
        try await group.waitUntilLive(child)
        try await group.shell("edge").run("UPDATE items SET v = 'c' WHERE id = 2;")
        try await eventually("and the other way") {
            try await ends.source.psql("SELECT v FROM items WHERE id = 2") == "c"
        }
        #expect(child.standardError.contains("joins again"))
        #expect(!child.standardError.contains("resync"), "\(child.standardError)")
        try await group.site.stop(child)
    }

    @Test("A table comes into a group that has run, made already and empty in some members, with rows in others")
    func tablesOfLater() async throws {
        let group = try GroupSite(tables: "t: {}")
        try await group.shell("eu").run("CREATE TABLE t (id INTEGER PRIMARY KEY NOT NULL); INSERT INTO t VALUES (1);")
        try await group.site.syncOnce()
        for member in group.members {
            try await group.shell(member).run("CREATE TABLE s (id INTEGER PRIMARY KEY NOT NULL, note TEXT);")
        }
        try await group.shell("eu").run("INSERT INTO s VALUES (1, 'eu'), (2, 'eu');")
        try await group.shell("us").run("INSERT INTO s VALUES (2, 'us'), (3, 'us');")
        let yaml = try String(contentsOfFile: group.site.folder.file("tally.yaml"), encoding: .utf8)
        try group.site.folder.write(yaml.replacing("t: {}", with: "t: {}, s: {}"), to: "tally.yaml")
        try await group.site.syncOnce()
        let rows = try await group.everywhere("SELECT id, note FROM s ORDER BY id;")
        #expect(rows == ["1|eu", "2|eu", "3|us"])
        #expect(try await group.site.run("conflicts", "list").output.contains("id = 2"))
    }
}
