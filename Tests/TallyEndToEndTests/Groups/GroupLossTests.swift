import TallyHarness
import Testing

/// What is lost in one member is not taken for deleted.
@Suite(.timeLimit(.minutes(15)))
struct GroupLossTests {
    private let site: Site
    private let a: SQLiteShell
    private let b: SQLiteShell

    init() async throws {
        site = try Site(
            stores: ["a": "a.db", "b": "b.db"],
            groups: ["  - { name: g, members: [a, b], seed: a, tables: { d: {} } }"]
        )
        a = SQLiteShell("a.db", in: site.folder)
        b = SQLiteShell("b.db", in: site.folder)
        try await a.run("CREATE TABLE d(id INT PRIMARY KEY, v TEXT); INSERT INTO d VALUES (1, 'a'), (2, 'b');")
        try await site.syncOnce()
    }

    @Test(arguments: ["DROP TABLE d;", "DROP TABLE d; CREATE TABLE d(id INT PRIMARY KEY, v TEXT);"])
    func aTableThatIsDroppedInOneMemberIsKeptInTheOther(loss: String) async throws {
        try await b.run(loss)
        for _ in 0..<2 { _ = try await site.run("run", "--once") }
        #expect(try await a.lines("SELECT id, v FROM d ORDER BY id;") == ["1|a", "2|b"])
    }

    @Test
    func aTableThatIsMadeAnewForAMemberHasAllRows() async throws {
        try await b.run("DROP TABLE d;")
        try await a.run("INSERT INTO d VALUES (3, 'c'); DELETE FROM d WHERE id = 1;")
        try await site.syncOnce()
        #expect(try await b.lines("SELECT id, v FROM d ORDER BY id;") == ["2|b", "3|c"])
        try await b.run("UPDATE d SET v = 'bb' WHERE id = 2;")
        try await site.syncOnce()
        for member in [a, b] { #expect(try await member.lines("SELECT id, v FROM d ORDER BY id;") == ["2|bb", "3|c"]) }
    }

    @Test
    func aColumnThatIsDroppedInOneMemberIsKeptInTheOther() async throws {
        try await b.run("ALTER TABLE d DROP COLUMN v; ALTER TABLE d ADD COLUMN v TEXT;")
        for _ in 0..<2 { _ = try await site.run("run", "--once") }
        #expect(try await a.lines("SELECT id, v FROM d ORDER BY id;") == ["1|a", "2|b"])
    }

    @Test
    func aColumnThatHasItsNameBackGoesOnWithWhatWasWrittenMeanwhile() async throws {
        try await b.run("ALTER TABLE d RENAME COLUMN v TO w; UPDATE d SET w = 'z' WHERE id = 2;")
        let refused = try await site.run("run", "--once")
        #expect(refused.exitCode == 1 && refused.text.contains("has no column v"))
        try await b.run("ALTER TABLE d RENAME COLUMN w TO v;")
        try await site.syncOnce()
        #expect(try await a.lines("SELECT id, v FROM d ORDER BY id;") == ["1|a", "2|z"])
    }

    @Test
    func rowsThatAreDeletedAreDeletedEverywhere() async throws {
        try await b.run("DELETE FROM d;")
        try await site.syncOnce()
        #expect(try await a.run("SELECT count(*) FROM d;") == "0")
    }

    @Test
    func aTableThatComesIntoTheGroupLaterIsBroughtToAllWithWhatEachHolds() async throws {
        let u = "CREATE TABLE u(id INT PRIMARY KEY NOT NULL, v TEXT);"
        try await a.run(u + " INSERT INTO u VALUES (1, 'a'), (2, 'a');")
        try await b.run(u + " INSERT INTO u VALUES (2, 'b'), (3, 'b'); UPDATE d SET v = 'late' WHERE id = 2;")
        try site.configure(
            stores: ["a": "a.db", "b": "b.db"],
            groups: ["  - { name: g, members: [a, b], seed: a, tables: { d: {}, u: {} } }"]
        )
        try await site.syncOnce()
        for member in [a, b] {
            #expect(try await member.lines("SELECT id, v FROM u ORDER BY id;") == ["1|a", "2|b", "3|b"])
            #expect(try await member.lines("SELECT id, v FROM d ORDER BY id;") == ["1|a", "2|late"])
        }
        let conflicts = try await site.run("conflicts", "list", "--table", "u").output
        #expect(conflicts.contains("id = 2") && conflicts.contains("a wrote 'a', b wrote 'b'"), "\(conflicts)")
        try await b.run("INSERT INTO u VALUES (4, 'b'); DELETE FROM u WHERE id = 1;")
        try await site.syncOnce()
        #expect(try await a.lines("SELECT id FROM u ORDER BY id;") == ["2", "3", "4"])
    }
}
