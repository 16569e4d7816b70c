import TallyHarness
import Testing

/// Constraints that PostgreSQL keeps by a trigger, which rests while Tally writes: Tally looks itself.
@Suite(.timeLimit(.minutes(15)))
struct GroupDeferrableTests {
    private let mixed: MixedGroup
    private let people = "SELECT id, email FROM people ORDER BY id"

    /// `edge` has the table without the constraint, so that nobody but `pg` could keep it.
    init() async throws {
        mixed = try await MixedGroup(
            tables: "people: {}",
            """
            CREATE TABLE people (id int PRIMARY KEY, email text UNIQUE DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO people VALUES (1, 'ada'), (2, 'ben'), (3, 'cid');
            """
        )
        try await mixed.edge.run("CREATE TABLE people (id INTEGER PRIMARY KEY NOT NULL, email TEXT);")
        try await mixed.sync()
    }

    /// What both members hold, which has to be the same.
    private func rows() async throws -> [String] {
        let rows = try await mixed.postgres.psql(people).split(separator: "\n").map(String.init)
        #expect(try await mixed.edge.lines(people + ";") == rows)
        return rows
    }

    private func waiting() async throws -> String {
        try await mixed.group.site.run("conflicts", "list", "--state", "waiting").output
    }

    @Test("Of two rows with one value the one that came by it later gives way, and comes when it can")
    func aValueThatTwoMembersGive() async throws {
        try await mixed.postgres.psql("INSERT INTO people VALUES (10, 'eve')")
        try await mixed.edge.run("INSERT INTO people VALUES (11, 'eve'), (12, 'fay');")
        try await mixed.sync()
        #expect(try await rows() == ["1|ada", "2|ben", "3|cid", "10|eve", "12|fay"])
        let list = try await waiting()
        #expect(list.contains("id = 11") && list.contains("people id = 10 has the same"), "\(list)")

        try await mixed.postgres.psql("UPDATE people SET email = 'eva' WHERE id = 10")
        try await mixed.sync()
        #expect(try await rows() == ["1|ada", "2|ben", "3|cid", "10|eva", "11|eve", "12|fay"])
        #expect(try await waiting().contains("No conflicts"))
    }

    @Test("Rows that pass values round in one statement arrive, and nothing gives way")
    func valuesThatGoRound() async throws {
        try await mixed.postgres.psql(
            "UPDATE people SET email = CASE id WHEN 1 THEN 'ben' WHEN 2 THEN 'cid' ELSE 'ada' END"
        )
        try await mixed.sync()
        #expect(try await rows() == ["1|ben", "2|cid", "3|ada"])
        try await mixed.edge.run(
            "UPDATE people SET email = CASE id WHEN 1 THEN 'ada' WHEN 2 THEN 'ben' ELSE 'cid' END;"
        )
        try await mixed.sync()
        #expect(try await rows() == ["1|ada", "2|ben", "3|cid"])
        #expect(try await waiting().contains("No conflicts"))
    }

    @Test("A value that one member changes another row to, while the other gives it away, ends up once")
    func aValueThatIsTakenOverWhileItsRowChanges() async throws {
        try await mixed.postgres.psql("UPDATE people SET email = 'dot' WHERE id = 1")
        try await mixed.edge.run("UPDATE people SET email = 'dot' WHERE id = 2;")
        try await mixed.sync()
        let held = try await rows().filter { $0.hasSuffix("|dot") }
        #expect(held.count == 1)
        #expect(try await waiting().contains("has the same"))
        try await mixed.postgres.psql("DELETE FROM people WHERE email = 'dot'")
        try await mixed.sync()
        #expect(try await rows().filter { $0.hasSuffix("|dot") }.count == 1)
        #expect(try await waiting().contains("No conflicts"))
    }
}
