import Foundation
import TallyHarness
import Testing

/// Constraints that PostgreSQL keeps by a trigger, which rests while Tally writes: Tally looks itself.
@Suite(.timeLimit(.minutes(15)))
struct GroupRestingConstraintTests {
    private let mixed: MixedGroup
    private let people = "SELECT id, email FROM people ORDER BY id"

    /// `edge` has the tables without the constraints, so that nobody but `pg` could keep them.
    init() async throws {
        mixed = try await MixedGroup(
            tables: "people: {}, pets: {}, shelves: {}, books: {}",
            """
            CREATE TABLE people (id int PRIMARY KEY, email text UNIQUE DEFERRABLE INITIALLY DEFERRED);
            CREATE TABLE pets (id int PRIMARY KEY, owner int REFERENCES people);
            CREATE TABLE shelves (id int PRIMARY KEY, code varchar(9) UNIQUE, room int);
            CREATE TABLE books (id int PRIMARY KEY, shelf text REFERENCES shelves (code));
            INSERT INTO people VALUES (1, 'ada'), (2, 'ben'), (3, 'cid');
            INSERT INTO shelves VALUES (1, 'a', 1), (2, 'b "\\', 1), (3, 'c', 1);
            INSERT INTO books VALUES (1, 'a'), (2, 'b "\\'), (3, 'c');
            """
        )
        try await mixed.edge.run(
            """
            CREATE TABLE people (id INTEGER PRIMARY KEY NOT NULL, email TEXT);
            CREATE TABLE pets (id INTEGER PRIMARY KEY NOT NULL, owner INTEGER);
            CREATE TABLE shelves (id INTEGER PRIMARY KEY NOT NULL, code TEXT, room INTEGER);
            CREATE TABLE books (id INTEGER PRIMARY KEY NOT NULL, shelf TEXT);
            """
        )
        try await mixed.sync()
    }

    /// What both members hold, which has to be the same.
    private func rows() async throws -> [String] {
        let rows = try await mixed.postgres.psql(people).split(separator: "\n").map(String.init)
        #expect(try await mixed.edge.lines(people + ";") == rows)
        return rows
    }

    /// Whether both members hold the same, and the value once.
    private func holdOneEach() async throws -> Bool {
        let (pg, edge) = (try await mixed.postgres.psql(people), try await mixed.edge.run(people + ";"))
        return pg == edge && pg.components(separatedBy: "|dot").count == 2
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

    @Test("A child that named by another column than the key what a row has no more waits until one has it")
    func childrenByOtherColumns() async throws {
        try await mixed.postgres.psql("UPDATE books SET id = id + 10")
        try await mixed.edge.run(
            "DELETE FROM shelves WHERE id = 1; UPDATE shelves SET code = 'z' WHERE id = 2; UPDATE shelves SET room = 2 WHERE id = 3;"
        )
        try await mixed.sync()
        let books = "SELECT id, shelf FROM books ORDER BY id"
        #expect(try await mixed.postgres.psql(books) == "13|c")
        #expect(try await mixed.edge.lines(books + ";") == ["13|c"])
        let list = try await waiting()
        #expect(list.contains("id = 11") && list.contains("id = 12"), "\(list)")

        try await mixed.edge.run("INSERT INTO shelves VALUES (4, 'b \"\\', 1);")
        try await mixed.postgres.psql("UPDATE shelves SET code = 'a' WHERE id = 2")
        try await mixed.sync()
        #expect(try await mixed.postgres.psql(books) == "11|a\n12|b \"\\\n13|c")
        #expect(try await mixed.edge.lines(books + ";") == ["11|a", "12|b \"\\", "13|c"])
        #expect(try await waiting().contains("No conflicts"))
    }

    /// Runs the group and lets `pg` and `edge` write, of which the ledger hears `edge` first: the sender of the other's log is stopped.
    private func write(pg: String, edge: String, heard: (table: String, key: String)) async throws -> ChildProcess {
        let child = try mixed.group.site.start("run")
        try await mixed.group.waitUntilLive(child)
        let sender = "SELECT active_pid FROM pg_replication_slots WHERE database = current_database() AND active"
        let id = try #require(Int32(try await mixed.postgres.psql(sender)))
        kill(id, SIGSTOP)
        defer { kill(id, SIGCONT) }
        try await mixed.postgres.psql(pg)
        try await mixed.edge.run(edge)
        try await eventually("the ledger has the one", each: .milliseconds(20)) {
            try await mixed.group.site.run("history", heard.table, heard.key).output.contains("  edge ")
        }
        // Time to bring it to the other member.
        try await Task.sleep(for: .seconds(1))
        return child
    }

    @Test("A clash with what a member wrote, and the ledger has not heard of, is decided about when it has")
    func aValueThatIsGivenUnheard() async throws {
        let child = try await write(
            pg: "UPDATE people SET email = 'dot' WHERE id = 1",
            edge: "UPDATE people SET email = 'dot' WHERE id = 2;",
            heard: ("people", "2")
        )
        try await eventually("one of the two gives way, everywhere", each: .milliseconds(20)) {
            guard try await waiting().contains("has the same") else { return false }
            return try await holdOneEach()
        }
        try await mixed.postgres.psql("DELETE FROM people WHERE email = 'dot'")
        try await eventually("the other has it then", each: .milliseconds(20)) {
            guard try await waiting().contains("No conflicts") else { return false }
            return try await holdOneEach()
        }
        try await mixed.group.site.stop(child)
    }

    @Test("A child of a row that a member has deleted, of which the ledger has not heard, is kept out when it has")
    func aChildOfWhatIsDeletedUnheard() async throws {
        let child = try await write(
            pg: "DELETE FROM people WHERE id = 3",
            edge: "INSERT INTO pets VALUES (1, 3), (2, 1);",
            heard: ("pets", "1")
        )
        let pets = "SELECT id, owner FROM pets ORDER BY id"
        try await eventually("the child is kept out, everywhere", each: .milliseconds(20)) {
            guard try await waiting().contains("pets") else { return false }
            let held = (try await mixed.postgres.psql(pets), try await mixed.edge.run(pets + ";"))
            return held == ("2|1", "2|1")
        }
        try await mixed.edge.run("INSERT INTO people VALUES (3, 'cid');")
        try await eventually("it comes back with its parent", each: .milliseconds(20)) {
            let held = (try await mixed.postgres.psql(pets), try await mixed.edge.run(pets + ";"))
            return held == ("1|3\n2|1", "1|3\n2|1")
        }
        try await mixed.group.site.stop(child)
    }
}
