import Foundation
import PrivatePostgres
import TallyHarness
import TallyModel
import Testing

/// The process dies while rows give way to others that members cannot hold beside them: whoever gives way is the same row in
/// every member all the same, and comes when nothing stands in its way.
@Suite(.serialized, .timeLimit(.minutes(40)))
struct GroupConstraintCrashTests {
    private static let group = """
          - name: club
            members: [eu, us, edge]
            seed: eu
            tables: { people: {}, orders: { delete: loses } }
        """

    private static let tables = [
        "CREATE TABLE people (id integer PRIMARY KEY, email text UNIQUE, city text)",
        "CREATE TABLE orders (id integer PRIMARY KEY, person integer REFERENCES people (id), total integer)",
    ]

    private let site: Site
    private let eu: PostgresDatabase
    private let us: SQLiteShell
    private let edge: SQLiteShell

    init() async throws {
        eu = try await PostgresDatabase("eu", on: PostgresServer.start())
        site = try Site(
            stores: ["eu": .postgres(eu.url), "us": "us.db", "edge": "edge.db"],
            groups: [Self.group]
        )
        us = SQLiteShell("us.db", in: site.folder)
        edge = SQLiteShell("edge.db", in: site.folder)
        for table in Self.tables { try await eu.psql(table) }
        try await eu.psql("INSERT INTO people VALUES (1, 'ada', ''), (2, 'ben', ''), (3, 'cid', '')")
        try await eu.psql("INSERT INTO orders VALUES (1, 1, 10)")
        try await site.syncOnce()
    }

    /// What every member holds, which is one and the same.
    private func everywhere(_ query: String) async throws -> [String] {
        let first = try await eu.psql("COPY (\(query)) TO STDOUT WITH (DELIMITER '|', NULL '')")
            .split(separator: "\n").map(String.init)
        #expect(try await us.lines(query + ";") == first, "us differs from eu")
        #expect(try await edge.lines(query + ";") == first, "edge differs from eu")
        return first
    }

    @Test(
        arguments: [
            (Milestone.entriesKept, 1), (.entriesKept, 2), (.entriesKept, 3), (.batchApplied, 1), (.batchApplied, 2),
            (.batchApplied, 3), (.batchCommitted, 1), (.batchCommitted, 2), (.batchCommitted, 3),
        ]
    )
    func theSameRowsGiveWayAndComeBack(milestone: Milestone, occurrence: Int) async throws {
        // Two give one e-mail address, one refers to a row that another deletes, and two swap theirs.
        try await us.run("INSERT INTO people VALUES (10, 'eve', 'Lyon'); DELETE FROM people WHERE id = 3;")
        try await edge.run("INSERT INTO people VALUES (11, 'eve', 'Oslo'); INSERT INTO orders VALUES (7, 3, 70);")
        try await eu.psql(
            "UPDATE people SET email = 'x' WHERE id = 1; UPDATE people SET email = 'ada' WHERE id = 2;"
                + "UPDATE people SET email = 'ben' WHERE id = 1"
        )
        try await site.die(at: milestone, occurrence)
        // A row that is kept out, or about to be, is written on before anybody could be told. (The one that stays would count
        // as later than the other if its two writes were read together.)
        try await edge.run("UPDATE people SET city = 'Bari' WHERE id = 11;")
        try await site.syncOnce()
        let people = try await everywhere("SELECT id, email, city FROM people ORDER BY id")
        #expect(people == ["1|ben|", "2|ada|", "10|eve|Lyon"], "\(people)")
        #expect(try await everywhere("SELECT id, person, total FROM orders ORDER BY id") == ["1|1|10"])
        let waiting = try await site.run("conflicts", "list", "--state", "waiting").output
        #expect(waiting.contains("id = 11") && waiting.contains("people id = 3 is not there"), "\(waiting)")

        // What was in their way goes, and the process dies at the same place once more.
        try await eu.psql("UPDATE people SET email = 'eva' WHERE id = 10; INSERT INTO people VALUES (3, 'cid', 'Bonn')")
        try await site.die(at: milestone, 1)
        try await site.syncOnce()
        #expect(
            try await everywhere("SELECT id, email, city FROM people ORDER BY id")
                == ["1|ben|", "2|ada|", "3|cid|Bonn", "10|eva|Lyon", "11|eve|Bari"]
        )
        #expect(try await everywhere("SELECT id, person, total FROM orders ORDER BY id") == ["1|1|10", "7|3|70"])
        #expect(try await site.run("conflicts", "list", "--state", "waiting").output.contains("No conflicts"))
        await eu.server.remove()
    }
}
