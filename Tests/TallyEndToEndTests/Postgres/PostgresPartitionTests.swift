import TallyHarness
import Testing

/// Partitions that come, go and are emptied at the source, which its log does not tell row by row.
@Suite(.timeLimit(.minutes(10)))
struct PostgresPartitionTests {
    private static let measures = """
        CREATE TABLE measures (id int PRIMARY KEY, place text) PARTITION BY RANGE (id);
        CREATE TABLE low PARTITION OF measures FOR VALUES FROM (0) TO (1000);
        CREATE TABLE middle PARTITION OF measures FOR VALUES FROM (1000) TO (2000) PARTITION BY RANGE (id);
        CREATE TABLE middle_one PARTITION OF middle FOR VALUES FROM (1000) TO (2000);
        CREATE TABLE high PARTITION OF measures FOR VALUES FROM (2000) TO (3000);
        CREATE TABLE spare (id int PRIMARY KEY, place text);
        INSERT INTO measures SELECT n, 'Oslo' FROM generate_series(0, 2999, 10) AS n;
        INSERT INTO spare SELECT n, 'Kraków' FROM generate_series(3000, 3999, 10) AS n;
        """

    /// Each with changes around it that the log does tell, some of them of rows that are then gone.
    private static let happenings = [
        """
        INSERT INTO measures VALUES (1, 'soon gone'); ALTER TABLE measures DETACH PARTITION low;
        UPDATE measures SET place = 'after' WHERE id = 2000; UPDATE low SET place = 'apart' WHERE id = 10;
        """,
        """
        UPDATE spare SET place = 'before' WHERE id = 3000;
        ALTER TABLE measures ATTACH PARTITION spare FOR VALUES FROM (3000) TO (4000);
        UPDATE measures SET place = 'after' WHERE id IN (0, 3010);
        """,
        """
        INSERT INTO measures VALUES (2001, 'soon gone'); TRUNCATE high; INSERT INTO measures VALUES (2002, 'after');
        """,
        """
        INSERT INTO measures VALUES (1001, 'soon gone'); TRUNCATE middle_one;
        """,
        """
        INSERT INTO measures VALUES (1001, 'soon gone'); DROP TABLE middle;
        """,
    ]

    @Test(arguments: happenings)
    func whatHappensToAPartitionWhileTheFlowRunsIsFollowed(happening: String) async throws {
        let site = try await PostgresSite()
        try await site.source.psql(Self.measures)
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        try await site.source.psql(happening)
        let sum = "SELECT count(*), sum(id), string_agg(DISTINCT place, ' ' ORDER BY place) FROM measures"
        try await site.waitForTarget(sum, try await site.source.psql(sum))
        try await site.source.psql("INSERT INTO measures VALUES (2999, 'later')")
        try await site.waitForTarget(sum, try await site.source.psql(sum))
        try await site.site.stop(child)
        try await site.requireAgreement()
    }

    @Test(arguments: happenings)
    func whatHappensToAPartitionWhileNothingRunsIsMadeGood(happening: String) async throws {
        let site = try await PostgresSite()
        try await site.source.psql(Self.measures)
        try await site.site.syncOnce()
        try await site.source.psql(happening)
        try await site.site.syncOnce()
        try await site.requireAgreement()
        // Once is enough.
        try await site.target.psql("INSERT INTO measures VALUES (-1, 'surplus')")
        try await site.source.psql("INSERT INTO measures VALUES (2999, 'later')")
        try await site.site.syncOnce()
        let left = try await site.target.psql("SELECT place FROM measures WHERE id IN (-1, 2999) ORDER BY id")
        #expect(left == "surplus\nlater")
    }

    @Test
    func aTableThatStoodStillMeanwhileIsRightOnceItIsResumed() async throws {
        let site = try await PostgresSite()
        try await site.source.psql(Self.measures)
        try await site.site.syncOnce()
        #expect(try await site.site.run("pause", "copy", "measures").exitCode == 0)
        #expect(try await site.site.run("run", "--once").exitCode == 1, "the target's note says so now")
        // The stream brings the row, though the table has lost it by then.
        try await site.source.psql("INSERT INTO measures VALUES (2001, 'soon gone'); TRUNCATE high")
        #expect(try await site.site.run("resume", "copy", "measures").exitCode == 0)
        try await site.site.syncOnce()
        try await site.requireAgreement()
    }

    /// The log says of rows of all partitions what the identity of their table is, whatever their own are.
    @Test(arguments: ["measures", "low"])
    func valuesStoredOutOfLineStayWhereTableAndPartitionHaveOtherIdentities(full: String) async throws {
        let site = try await PostgresSite()
        try await site.source.psql(
            Self.measures + """
                ALTER TABLE low ALTER place SET STORAGE EXTERNAL; ALTER TABLE \(full) REPLICA IDENTITY FULL;
                INSERT INTO measures VALUES (1, repeat('Oslo', 5000)), (2, repeat('Kraków', 5000));
                """
        )
        try await site.site.syncOnce()
        try await site.source.psql("UPDATE measures SET id = id + 4 WHERE id IN (1, 2)")
        try await site.site.syncOnce()
        try await site.requireAgreement()
    }

    @Test
    func aPartitionThatBeginsEmptyLeavesTheTableInPeace() async throws {
        let site = try await PostgresSite()
        try await site.source.psql(Self.measures)
        try await site.site.syncOnce()
        // A load would find it and take it away.
        try await site.target.psql("INSERT INTO measures VALUES (-1, 'surplus')")
        try await site.source.psql("CREATE TABLE next PARTITION OF measures FOR VALUES FROM (4000) TO (5000)")
        try await site.site.syncOnce()
        try await site.source.psql("INSERT INTO measures VALUES (4000, 'new')")
        try await site.site.syncOnce()
        #expect(
            try await site.target.psql("SELECT place FROM measures WHERE id IN (-1, 4000) ORDER BY id")
                == "surplus\nnew"
        )
    }
}
