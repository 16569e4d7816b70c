import TallyHarness
import Testing

/// Transforms that read values which the log leaves out: those stored out of line, where an update leaves them alone.
@Suite(.timeLimit(.minutes(10)))
struct PostgresTransformTests {
    private static let notes = """
        CREATE TABLE notes (id int PRIMARY KEY, body text, state varchar(5));
        ALTER TABLE notes ALTER body SET STORAGE EXTERNAL;
        INSERT INTO notes VALUES (1, repeat('x', 10000), 'a'), (2, 'short', 'a');
        """

    @Test(arguments: ["where: \"length(body) > 3\"", "set: { state: \"substr(body, 1, 3) || state\" }"])
    func checkGivesTheSqlThatKeepsUpdatesFromBecomingDeadLetters(transform: String) async throws {
        let site = try await PostgresSite(flow: "transform: { notes: { \(transform) } }")
        try await site.source.psql(Self.notes)
        let check = try await site.site.run("check")
        #expect(check.output.contains("the flow's transform reads body, of which"), "\(check.text)")
        let remedy = "ALTER TABLE \"public\".\"notes\" REPLICA IDENTITY FULL"
        #expect(check.output.contains("run \(remedy)"), "\(check.text)")
        try await site.site.syncOnce()
        let states = "SELECT id, state FROM notes ORDER BY id"
        let before = try await site.target.lines(states)

        // Nothing is written that may be wrong.
        try await site.source.psql("UPDATE notes SET state = 'b' WHERE id = 1")
        #expect(try await site.site.run("run", "--once").exitCode == 1)
        #expect(try await site.target.lines(states) == before)
        let letters = try await site.site.run("dead-letters", "list")
        #expect(letters.output.contains("does not say what “body” holds"), "\(letters.text)")

        try await site.source.psql(remedy)
        let again = try await site.site.run("check")
        #expect(!again.output.contains("REPLICA IDENTITY"), "\(again.text)")
        try await site.source.psql("UPDATE notes SET state = 'c' WHERE id = 1")
        try await site.site.syncOnce()
        let prefix = transform.hasPrefix("set") ? "xxx" : ""
        #expect(try await site.target.psql("SELECT state FROM notes WHERE id = 1") == "\(prefix)c")
    }

    @Test
    func ofAPartitionedTableThePartitionsAreNamed() async throws {
        let site = try await PostgresSite(
            flow: "transform: { notes: { where: \"length(body) > 3 AND length(state) > 0\" } }"
        )
        try await site.source.psql(
            """
            CREATE TABLE notes (id int PRIMARY KEY, body text, state varchar(5)) PARTITION BY RANGE (id);
            CREATE TABLE few PARTITION OF notes FOR VALUES FROM (0) TO (10);
            CREATE TABLE many PARTITION OF notes FOR VALUES FROM (10) TO (20);
            ALTER TABLE notes ALTER body SET STORAGE EXTERNAL; ALTER TABLE few ALTER body SET STORAGE EXTERNAL;
            ALTER TABLE few REPLICA IDENTITY FULL;
            INSERT INTO notes VALUES (1, repeat('x', 10000), 'a');
            """
        )
        let check = try await site.site.run("check")
        #expect(check.output.contains("run ALTER TABLE \"public\".\"many\" REPLICA IDENTITY FULL"), "\(check.text)")
        #expect(check.output.contains("No value of the table is stored so now"), "\(check.text)")
        #expect(!check.output.contains("\"few\""), "\(check.text)")
        #expect(!check.output.contains("reads body, state"), "too short to be stored so: \(check.text)")
        try await site.source.psql("ALTER TABLE many REPLICA IDENTITY FULL")
        let again = try await site.site.run("check")
        #expect(!again.output.contains("REPLICA IDENTITY"), "\(again.text)")
        try await site.site.syncOnce()
        try await site.source.psql("UPDATE notes SET state = 'b'")
        try await site.site.syncOnce()
        try await site.requireAgreement()
    }
}
