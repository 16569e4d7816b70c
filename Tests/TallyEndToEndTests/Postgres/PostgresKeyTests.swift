import TallyHarness
import Testing

/// Keys that SQLite tells apart and PostgreSQL does not: never does one row take the place of another, nor go with it.
@Suite(.timeLimit(.minutes(10)))
struct PostgresKeyTests {
    struct Pair: Sendable, CustomTestStringConvertible {
        /// What stands before `PRIMARY KEY`.
        var column: String
        /// The key that is written, and one that would become the same there.
        var written: String
        var refused: String
        /// The written one as the server shows it.
        var shown: String
        var reason: String

        var testDescription: String { "\(column): \(written) and \(refused)" }
    }

    static let pairs = [
        Pair(
            column: "k UUID",
            written: "'0a1b2c3d-0000-4000-8000-00000000abcd'",
            refused: "'0A1B2C3D-0000-4000-8000-00000000ABCD'",
            shown: "0a1b2c3d-0000-4000-8000-00000000abcd",
            reason: "is not spelled in lower case with hyphens"
        ),
        Pair(
            column: "k",
            written: "1",
            refused: "'1'",
            shown: "1",
            reason: "is a text in a column that may hold the same"
        ),
        Pair(
            column: "k",
            written: "'one'",
            refused: "x'6f6e65'",
            shown: "one",
            reason: "is a blob in a column of other"
        ),
        Pair(
            column: "k BLOB",
            written: "x'6f'",
            refused: "'o'",
            shown: "\\x6f",
            reason: "is a text in a column of bytes"
        ),
        Pair(
            column: "k TIMESTAMP",
            written: "'2024-02-29 13:45:00.5'",
            refused: "'2024-02-29T13:45:00.500'",
            shown: "2024-02-29 13:45:00.5",
            reason: "is not spelled as 2024-02-29 13:45:00 or"
        ),
        Pair(
            column: "k DATE",
            written: "'2024-02-29'",
            refused: "'2024-2-29'",
            shown: "2024-02-29",
            reason: "as 2024-02-29"
        ),
    ]

    @Test(arguments: pairs)
    func ofTwoKeysThatWouldBecomeOneTheSecondIsADeadLetterInALoadAndInTheStream(pair: Pair) async throws {
        let ends = try await PostgresSite()
        let site = try Site(
            stores: ["file": "shop.db", "server": .postgres(ends.target.url)],
            flows: [Site.flow("up", from: "file", to: "server")]
        )
        let file = SQLiteShell("shop.db", in: site.folder)
        let rows = "SELECT k, v FROM t ORDER BY 1"
        try await file.run(
            """
            CREATE TABLE t (\(pair.column) PRIMARY KEY, v TEXT);
            INSERT INTO t VALUES (\(pair.written), 'written'), (\(pair.refused), 'refused');
            """
        )
        #expect(try await site.run("run", "--once").exitCode == 1)
        #expect(try await ends.target.psql(rows) == "\(pair.shown)|written")
        let letters = try await site.run("dead-letters", "list")
        #expect(letters.output.contains(pair.reason), "\(letters.text)")

        try await file.run("UPDATE t SET v = v || ' again'; DELETE FROM t WHERE k = \(pair.refused);")
        try await site.syncOnce()
        #expect(try await ends.target.psql(rows) == "\(pair.shown)|written again")

        try await file.run("INSERT INTO t VALUES (\(pair.refused), 'refused')")
        #expect(try await site.run("run", "--once").exitCode == 1)
        #expect(try await ends.target.psql(rows) == "\(pair.shown)|written again")
        try await file.run("DELETE FROM t WHERE k = \(pair.written)")
        #expect(try await site.run("run", "--once").exitCode == 1)
        #expect(try await ends.target.psql(rows) == "")
        try await file.run("UPDATE t SET k = \(pair.written)")
        try await site.syncOnce()
        #expect(try await ends.target.psql(rows) == "\(pair.shown)|refused")
    }

    @Test
    func keysThatAreWhatTheirColumnSaysAreWrittenAsEver() async throws {
        let ends = try await PostgresSite()
        let site = try Site(
            stores: ["file": "shop.db", "server": .postgres(ends.target.url)],
            flows: [Site.flow("up", from: "file", to: "server")]
        )
        let file = SQLiteShell("shop.db", in: site.folder)
        try await file.run(
            """
            CREATE TABLE named (k TEXT PRIMARY KEY); INSERT INTO named VALUES ('1'), ('01'), ('1.0'), (' 1'), ('');
            CREATE TABLE loose (k PRIMARY KEY); INSERT INTO loose VALUES (1), (-2.5), ('01'), ('a'), ('1 ');
            CREATE TABLE moment (k TIMESTAMPTZ PRIMARY KEY); INSERT INTO moment VALUES ('2024-02-29 13:45:00Z');
            CREATE TABLE price (k DECIMAL(10,2) PRIMARY KEY); INSERT INTO price VALUES (1), (12.5), (-0.25);
            """
        )
        try await site.syncOnce()
        #expect(try await ends.target.psql("SELECT k FROM named ORDER BY k COLLATE \"C\"") == "\n 1\n01\n1\n1.0")
        #expect(try await ends.target.psql("SELECT k FROM loose ORDER BY k COLLATE \"C\"") == "-2.5\n01\n1\n1 \na")
        #expect(try await ends.target.psql("SELECT k FROM moment") == "2024-02-29 13:45:00+00")
        #expect(try await ends.target.psql("SELECT k FROM price ORDER BY k") == "-0.25\n1\n12.5")
        let check = try await site.run("check")
        #expect(check.output.contains("of the key and of type timestamp with time zone in the target"), "\(check.text)")
        #expect(!check.output.contains("of the key and of type text in the target"), "\(check.text)")
    }
}
