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
}
