import Foundation
import TallyHarness
import Testing

/// What members cannot hold all at once: the same rows give way in every member, and come when nothing stands against them.
@Suite(.timeLimit(.minutes(15)))
struct GroupConstraintTests {
    private let group: GroupSite

    init() async throws {
        group = try GroupSite(tables: "people: {}, orders: { delete: loses }, ranges: {}")
        try await group.shell("eu").run(
            """
            CREATE TABLE people (id INTEGER PRIMARY KEY NOT NULL, email TEXT UNIQUE, city TEXT);
            CREATE TABLE orders (id INTEGER PRIMARY KEY NOT NULL, person INTEGER REFERENCES people (id), total INTEGER);
            CREATE TABLE ranges (id INTEGER PRIMARY KEY NOT NULL, low INTEGER, high INTEGER, CHECK (low <= high));
            INSERT INTO people VALUES (1, 'ada', 'Turin'), (2, 'ben', 'Turin'), (3, 'cid', 'Turin');
            INSERT INTO orders VALUES (1, 1, 10);
            INSERT INTO ranges VALUES (1, 1, 10);
            """
        )
        try await group.site.syncOnce()
    }

    private func write(_ member: String, _ sql: String) async throws {
        try await group.shell(member).run(sql)
    }

    private func settle() async throws { try await group.site.syncOnce() }

    /// What all members hold, which has to be the same.
    private func rows(_ sql: String) async throws -> [String] {
        let first = try await group.shell("eu").lines(sql)
        for member in ["us", "edge"] {
            #expect(try await group.shell(member).lines(sql) == first, "\(member) differs from eu")
        }
        return first
    }

    private func conflicts() async throws -> String { try await group.site.run("conflicts", "list").output }

    private func waiting() async throws -> String {
        try await group.site.run("conflicts", "list", "--state", "waiting").output
    }

    private let people = "SELECT id, email, city FROM people ORDER BY id;"

    @Test("A value that two members give: the first to give it keeps it, everywhere")
    func insertsThatClash() async throws {
        try await write("us", "INSERT INTO people VALUES (10, 'eve', 'Lyon');")
        try await write("edge", "INSERT INTO people VALUES (11, 'eve', 'Oslo');")
        try await settle()
        #expect(try await rows(people).suffix(1) == ["10|eve|Lyon"])
        let list = try await waiting()
        #expect(list.contains("id = 11") && list.contains("people id = 10 has the same"), "\(list)")

        try await write("eu", "UPDATE people SET email = 'eva' WHERE id = 10;")
        try await settle()
        #expect(try await rows(people).suffix(2) == ["10|eva|Lyon", "11|eve|Oslo"])
        #expect(try await waiting().contains("No conflicts"))
    }

    @Test("An update that clashes leaves the row as it was before, and its other columns go on")
    func updatesThatClash() async throws {
        try await write("us", "UPDATE people SET email = 'zoe' WHERE id = 1;")
        try await write("edge", "UPDATE people SET email = 'zoe', city = 'Oslo' WHERE id = 2;")
        try await settle()
        #expect(try await rows(people) == ["1|zoe|Turin", "2|ben|Oslo", "3|cid|Turin"])
        try await write("eu", "UPDATE people SET city = 'Rome' WHERE id = 2;")
        try await settle()
        #expect(try await rows(people) == ["1|zoe|Turin", "2|ben|Rome", "3|cid|Turin"])
        try await write("us", "DELETE FROM people WHERE id = 1;")
        try await settle()
        #expect(try await rows(people) == ["2|zoe|Rome", "3|cid|Turin"])
    }

    @Test("Rows change what is unique among themselves", arguments: 2...3)
    func circles(count: Int) async throws {
        let ids = Array(1...count)
        let moves = ids.map { "UPDATE people SET email = 'to-\($0 % count + 1)' WHERE id = \($0);" }
        let names = ["ada", "ben", "cid"]
        let ends = ids.map { "UPDATE people SET email = '\(names[$0 % count])' WHERE id = \($0);" }
        try await write("us", "BEGIN; \((moves + ends).joined(separator: " ")) COMMIT;")
        try await group.site.syncOnce()
        let expected = ids.map { "\($0)|\(names[$0 % count])|Turin" }
        #expect(try await rows(people).prefix(count) == expected[...])
        #expect(try await conflicts().contains("No conflicts"))
    }

    @Test("A person gives the row that lost another value")
    func decisions() async throws {
        try await write("us", "INSERT INTO people VALUES (10, 'eve', 'Lyon');")
        try await write("edge", "INSERT INTO people VALUES (11, 'eve', 'Oslo');")
        try await settle()
        let refused = try await group.site.run("conflicts", "resolve", "1", "--set", "email=eve")
        #expect(refused.exitCode == 1 && refused.text.contains("another row holds"), "\(refused.text)")
        let kept = try await group.site.run("conflicts", "resolve", "1", "--keep", "edge")
        #expect(kept.exitCode == 1 && kept.text.contains("--set COLUMN=VALUE"), "\(kept.text)")
        _ = try await group.site.run("conflicts", "resolve", "1", "--set", "email=eva")
        try await settle()
        #expect(try await rows(people).suffix(2) == ["10|eve|Lyon", "11|eva|Oslo"])
    }

    @Test("A child whose parent was deleted elsewhere waits for it")
    func orphans() async throws {
        try await write("us", "DELETE FROM people WHERE id = 3;")
        try await write("edge", "INSERT INTO orders VALUES (7, 3, 70);")
        try await settle()
        let orders = "SELECT id, person, total FROM orders ORDER BY id;"
        #expect(try await rows(orders) == ["1|1|10"])
        let list = try await waiting()
        #expect(list.contains("people id = 3 is not there"), "\(list)")
        try await write("eu", "INSERT INTO people VALUES (3, 'cid', 'Bonn');")
        try await settle()
        #expect(try await rows(orders) == ["1|1|10", "7|3|70"])
    }

    @Test(
        "A child that named by another column than the key what a row has no more waits, though one member alone asks for it"
    )
    func childrenByOtherColumns() async throws {
        let site = try GroupSite(tables: "shelves: {}, books: {}")
        func create(_ member: String, _ book: String, _ rows: String = "") async throws {
            try await site.shell(member).run(
                """
                CREATE TABLE shelves (id INTEGER PRIMARY KEY NOT NULL, code TEXT UNIQUE COLLATE NOCASE, room INTEGER);
                CREATE TABLE books (id INTEGER PRIMARY KEY NOT NULL, \(book)); \(rows)
                """
            )
        }
        try await create("eu", "shelf TEXT", "INSERT INTO shelves VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 1);")
        try await create("us", "shelf TEXT")
        try await create("edge", "shelf TEXT REFERENCES shelves (code)")
        try await site.site.syncOnce()
        try await site.shell("edge").run("INSERT INTO books VALUES (1, 'A'), (2, 'b'), (3, 'c');")
        try await site.shell("us").run(
            "DELETE FROM shelves WHERE id = 1; UPDATE shelves SET code = 'z' WHERE id = 2; UPDATE shelves SET room = 2 WHERE id = 3;"
        )
        try await site.site.syncOnce()
        let books = "SELECT id, shelf FROM books ORDER BY id;"
        for member in site.members { #expect(try await site.shell(member).lines(books) == ["3|c"], "\(member)") }

        try await site.shell("eu").run(
            "UPDATE shelves SET code = 'B' WHERE id = 2; INSERT INTO shelves VALUES (4, 'a', 1);"
        )
        try await site.site.syncOnce()
        for member in site.members {
            #expect(try await site.shell(member).lines(books) == ["1|A", "2|b", "3|c"], "\(member)")
        }
        #expect(try await site.site.run("conflicts", "list", "--state", "waiting").output.contains("No conflicts"))
    }

    @Test("A child that several wrote, and whose parent got and lost what it names at once, is kept out")
    func childrenThatSeveralWrote() async throws {
        let site = try GroupSite(tables: "shelves: {}, books: {}")
        for member in site.members {
            try await site.shell(member).run(
                """
                CREATE TABLE shelves (id INTEGER PRIMARY KEY NOT NULL, code TEXT UNIQUE);
                CREATE TABLE books (id INTEGER PRIMARY KEY NOT NULL, shelf TEXT REFERENCES shelves (code));
                """
            )
        }
        try await site.shell("eu").run(
            "INSERT INTO shelves VALUES (1, 'a'), (2, 'b'); INSERT INTO books VALUES (1, 'a');"
        )
        try await site.site.syncOnce()
        try await site.shell("edge").run("UPDATE books SET shelf = NULL;")
        try await site.shell("eu").run(
            "BEGIN; UPDATE shelves SET code = 'c' WHERE id = 1; UPDATE books SET shelf = 'c'; COMMIT;"
        )
        try await site.shell("edge").run("DELETE FROM shelves WHERE id = 1;")
        try await site.site.syncOnce()
        for member in site.members {
            #expect(try await site.shell(member).lines("SELECT * FROM books;") == [], "\(member)")
            #expect(try await site.shell(member).lines("SELECT * FROM shelves;") == ["2|b"], "\(member)")
        }
        let list = try await site.site.run("conflicts", "list", "--state", "waiting").output
        #expect(list.contains("foreign key (shelf)"), "\(list)")
        try await site.shell("us").run("INSERT INTO shelves VALUES (3, 'c');")
        try await site.site.syncOnce()
        for member in site.members { #expect(try await site.shell(member).lines("SELECT * FROM books;") == ["1|c"]) }
    }

    @Test("What merging makes of a row breaks a rule: the later write is kept back")
    func checks() async throws {
        try await write("us", "UPDATE ranges SET low = 8 WHERE id = 1;")
        try await write("edge", "UPDATE ranges SET high = 5 WHERE id = 1;")
        try await settle()
        #expect(try await rows("SELECT low, high FROM ranges;") == ["8|10"])
        try await write("eu", "UPDATE ranges SET low = 2, high = 4 WHERE id = 1;")
        try await settle()
        #expect(try await rows("SELECT low, high FROM ranges;") == ["2|4"])
    }

    @Test("What is kept out is not given up with the ledger", arguments: ["remove", "rebuild"])
    func ledgersThatAreGivenUp(command: String) async throws {
        try await write("us", "INSERT INTO people VALUES (10, 'eve', 'Lyon');")
        try await write("edge", "INSERT INTO people VALUES (11, 'eve', 'Oslo');")
        try await settle()
        let refused = try await group.site.run(command, "carts", "--yes")
        #expect(refused.exitCode != 0 && refused.text.contains("keep 1 row"), "\(refused.text)")
        try await write("eu", "UPDATE people SET email = 'eva' WHERE id = 10;")
        try await settle()
        #expect(try await rows(people).suffix(2) == ["10|eva|Lyon", "11|eve|Oslo"])
        let done = try await group.site.run(command, "carts", "--yes")
        #expect(done.exitCode == 0, "\(done.text)")
    }

    @Test(
        "A child that is kept by another member's write waits for its parent, in the same table too, however long it has been there",
        arguments: 0...3
    )
    func ownParents(rounds: Int) async throws {
        let site = try GroupSite(tables: "tree: {}")
        try await site.shell("eu").run(
            """
            CREATE TABLE tree (id INTEGER PRIMARY KEY NOT NULL, up INTEGER REFERENCES tree (id), name TEXT);
            INSERT INTO tree VALUES (1, NULL, ''), (2, 1, '');
            """
        )
        try await site.site.syncOnce()
        for round in 0..<rounds {
            try await site.shell("us").run("UPDATE tree SET name = 'a\(round)';")
            try await site.site.syncOnce()
        }
        try await site.shell("eu").run("DELETE FROM tree;")
        try await site.shell("us").run("UPDATE tree SET name = 'b' WHERE id = 2;")
        try await site.site.syncOnce()
        for member in site.members { #expect(try await site.shell(member).lines("SELECT * FROM tree;") == []) }
        try await site.shell("us").run("INSERT INTO tree VALUES (1, NULL, 'again');")
        try await site.site.syncOnce()
        for member in site.members {
            #expect(try await site.shell(member).lines("SELECT * FROM tree ORDER BY id;") == ["1||again", "2|1|b"])
        }
    }

    @Test("A check that counted values break together keeps the later difference back, and no other column")
    func countedChecks() async throws {
        let site = try GroupSite(tables: "t: { merge: { n: counter, w: counter } }")
        try await site.shell("eu").run(
            """
            CREATE TABLE t (id INTEGER PRIMARY KEY NOT NULL, n INTEGER, w INTEGER CHECK (w < 100));
            INSERT INTO t VALUES (1, 0, 50);
            """
        )
        try await site.site.syncOnce()
        try await site.shell("us").run("UPDATE t SET w = w + 30;")
        try await site.shell("eu").run("UPDATE t SET w = w + 30;")
        try await site.shell("edge").run("UPDATE t SET n = n + 100;")
        try await site.site.syncOnce()
        for member in site.members { #expect(try await site.shell(member).lines("SELECT n, w FROM t;") == ["100|80"]) }
    }

    @Test("A child that somebody left without its parent on purpose stays everywhere")
    func meantOrphans() async throws {
        try await write("us", "DELETE FROM people WHERE id = 1;")
        try await settle()
        #expect(try await rows("SELECT id, person FROM orders;") == ["1|1"])
        #expect(try await conflicts().contains("No conflicts"))
    }

    @Test("A rule that one member alone has keeps rows out of that member, and says so")
    func rulesOfOneMember() async throws {
        let site = try GroupSite(tables: "people: {}").site
        func shell(_ member: String) -> SQLiteShell { SQLiteShell("\(member).db", in: site.folder) }
        try await shell("eu").run("CREATE TABLE people (id INTEGER PRIMARY KEY NOT NULL, city TEXT);")
        try await shell("edge").run(
            "CREATE TABLE people (id INTEGER PRIMARY KEY NOT NULL, city TEXT, CHECK (city <> 'Rome'));"
        )
        try await site.syncOnce()
        try await shell("us").run("INSERT INTO people VALUES (1, 'Rome'), (2, 'Turin');")
        let run = try await site.run("run", "--once")
        #expect(run.exitCode == 1 && run.text.contains("edge refuses 1 row"), "\(run.text)")
        #expect(try await shell("eu").lines("SELECT id FROM people;") == ["1", "2"])
        #expect(try await shell("edge").lines("SELECT id FROM people;") == ["2"])
        let list = try await site.run("conflicts", "list", "--state", "waiting", "--member", "edge").output
        #expect(list.contains("edge refuses it: CHECK constraint failed"), "\(list)")

        try await shell("us").run("UPDATE people SET city = 'Pisa' WHERE id = 1;")
        try await site.syncOnce()
        #expect(try await shell("edge").lines("SELECT id, city FROM people;") == ["1|Pisa", "2|Turin"])
        #expect(try await site.run("conflicts", "list", "--state", "waiting").output.contains("No conflicts"))
    }

    @Test(
        "Values that differ in the case of letters alone are passed round while others wait for them",
        arguments: [
            "code TEXT COLLATE NOCASE UNIQUE);",
            // Only members can tell what clashes here.
            "code TEXT); CREATE UNIQUE INDEX s_code ON s (code COLLATE NOCASE) WHERE id > 0;",
            "code TEXT); CREATE UNIQUE INDEX s_code ON s (lower(code) || '');",
        ]
    )
    func caselessCircles(rule: String) async throws {
        for name in ["eu", "us", "edge"] {
            try await group.shell(name).run("CREATE TABLE s (id INTEGER PRIMARY KEY NOT NULL, \(rule)")
        }
        let tables = "people: {}, orders: { delete: loses }, ranges: {}"
        let yaml = try String(contentsOfFile: group.site.folder.file("tally.yaml"), encoding: .utf8)
        try group.site.folder.write(yaml.replacing(tables, with: tables + ", s: {}"), to: "tally.yaml")
        try await write("eu", "INSERT INTO s VALUES (1, 'd'), (2, 'C'), (3, 'A');")
        try await settle()
        try await write("eu", "INSERT INTO s VALUES (8, 'e');")
        try await write("edge", "INSERT INTO s VALUES (4, 'E');")
        try await settle()
        let list = try await waiting()
        #expect(list.contains("id = 4") && list.contains("s id = 8 has the same"), "\(list)")
        try await write(
            "eu",
            """
            BEGIN; UPDATE s SET code = NULL WHERE id IN (1, 8); UPDATE s SET code = 'D' WHERE id = 8;
            UPDATE s SET code = 'E' WHERE id = 1; COMMIT;
            """
        )
        for _ in 0..<2 { try await settle() }
        let before = try await waiting()
        #expect(try await rows("SELECT id, code FROM s WHERE id IN (2, 3) ORDER BY id;") == ["2|C", "3|A"])
        let held = try await rows("SELECT id, code FROM s ORDER BY id;")
        // Nothing is refused by one member alone, nobody clashes with what is not there, and another run changes nothing.
        #expect(!before.contains("refuses") && before.contains("has the same"), "\(before)")
        try await settle()
        #expect(try await waiting() == before)
        #expect(try await rows("SELECT id, code FROM s ORDER BY id;") == held)
        // With the row that waits out of the way all is as it was written.
        try await write(
            "eu",
            "INSERT INTO s VALUES (4, 'x') ON CONFLICT DO UPDATE SET code = 'x';"
        )
        try await settle()
        #expect(try await rows("SELECT id, code FROM s ORDER BY id;") == ["1|E", "2|C", "3|A", "4|x", "8|D"])
        #expect(try await waiting().contains("No conflicts"))
    }
}
