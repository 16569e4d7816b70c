import Foundation
import TallyHarness
import Testing

/// Conflicts from where they arise to what people make of them, through the command and the `sqlite3` shell alone.
@Suite(.timeLimit(.minutes(15)))
struct ConflictTests {
    /// Three members that agree on one row, and two of which then write its quantity while nothing runs.
    private struct Cart {
        let site: Site
        let members: [String: SQLiteShell]

        init(_ policy: String = "{}") async throws {
            let names = ["edge", "eu", "us"]
            site = try Site(
                stores: ["edge": "edge.db", "eu": "eu.db", "us": "us.db"],
                groups: ["  - { name: carts, members: [eu, us, edge], seed: eu, tables: { items: \(policy) } }"]
            )
            var members: [String: SQLiteShell] = [:]
            for name in names { members[name] = SQLiteShell("\(name).db", in: site.folder) }
            self.members = members
            try await run("eu", "CREATE TABLE items (id INTEGER PRIMARY KEY, quantity INTEGER, note TEXT);")
            try await run("eu", "INSERT INTO items VALUES (1, 10, 'new'), (2, 20, 'old');")
            for name in ["us", "edge"] { try await run(name, "SELECT 1;") }
            try await site.syncOnce()
        }

        func run(_ member: String, _ sql: String) async throws {
            try await members[member]!.run(sql)
        }

        /// eu writes 7, and us a moment later 8.
        func disagree() async throws {
            try await run("eu", "UPDATE items SET quantity = 7 WHERE id = 1;")
            try await Task.sleep(for: .milliseconds(20))
            try await run("us", "UPDATE items SET quantity = 8 WHERE id = 1;")
        }

        /// What each member answers to a query.
        func everywhere(_ query: String) async throws -> Set<String> {
            var answers: Set<String> = []
            for member in members.values { answers.insert(try await member.run(query)) }
            return answers
        }

        func states() async throws -> [String] {
            struct List: Decodable {
                struct Conflict: Decodable { var state: String }
                var conflicts: [Conflict]
            }
            let answer = try await site.run("conflicts", "list", "--json")
            return try JSONDecoder().decode(List.self, from: Data(answer.output.utf8)).conflicts.map(\.state)
        }
    }

    private static let quantity = "SELECT quantity FROM items WHERE id = 1;"

    @Test
    func aConflictIsListedShownUndoneAndReachesEveryMember() async throws {
        let cart = try await Cart()
        try await cart.disagree()
        try await cart.site.syncOnce()
        #expect(try await cart.everywhere(Self.quantity) == ["8"])

        let list = try await cart.site.run("conflicts", "list")
        #expect(list.exitCode == 0)
        #expect(list.output.contains("eu wrote 7, us wrote 8: it became 8"), "\(list.text)")
        let show = try await cart.site.run("conflicts", "show", "1")
        for words in ["quantity", "latest", "resolved", "base      10", "quantity: 10 → 7", "stands"] {
            #expect(show.output.contains(words), "\(words) in \(show.text)")
        }
        #expect(try await cart.site.run("conflicts", "list", "--member", "edge").output == "No conflicts.\n")
        #expect(try await cart.site.run("conflicts", "show", "2").exitCode == 2)

        let undone = try await cart.site.run("conflicts", "undo", "1")
        #expect(undone.exitCode == 0, "\(undone.text)")
        #expect(try await cart.everywhere(Self.quantity) == ["8"], "nothing runs")
        try await cart.site.syncOnce()
        #expect(try await cart.everywhere(Self.quantity) == ["7"])
        #expect(try await cart.states() == ["undone"])
        let again = try await cart.site.run("conflicts", "undo", "1")
        #expect(again.exitCode == 1)
        #expect(again.errors.contains("undone already"), "\(again.text)")

        let history = try await cart.site.run("history", "items", "1")
        for words in ["quantity: 10 → 7", "quantity: 10 → 8", "quantity: 8 → 7", "tally", "4 versions."] {
            #expect(history.output.contains(words), "\(words) in \(history.text)")
        }
    }

    @Test
    func whatWaitsIsResolvedWhileTheNodeRuns() async throws {
        let cart = try await Cart("{ merge: { quantity: manual } }")
        try await cart.disagree()
        let child = try cart.site.start("run")
        try await eventually("it waits") { try await cart.states() == ["waiting"] }
        try await eventually("the provisional winner is everywhere") {
            try await cart.everywhere(Self.quantity) == ["8"]
        }
        let wrong = try await cart.site.run("conflicts", "resolve", "1", "--set", "quantity=many")
        #expect(wrong.exitCode == 2)
        #expect(wrong.errors.contains("it takes a whole number"), "\(wrong.text)")
        let resolved = try await cart.site.run("conflicts", "resolve", "1", "--set", "quantity=9")
        #expect(resolved.exitCode == 0, "\(resolved.text)")
        try await eventually("the decision is everywhere") { try await cart.everywhere(Self.quantity) == ["9"] }
        #expect(try await cart.states() == ["decided"])
        try await cart.site.stop(child)
    }

    @Test
    func whatWaitsIsSupersededByWhoeverWritesTheRowHavingSeenBoth() async throws {
        let cart = try await Cart("{ merge: { quantity: manual } }")
        try await cart.disagree()
        try await cart.site.syncOnce()
        try await cart.run("edge", "UPDATE items SET note = 'seen' WHERE id = 1;")
        try await cart.site.syncOnce()
        #expect(try await cart.states() == ["waiting"])
        try await cart.run("edge", "UPDATE items SET quantity = 5 WHERE id = 1;")
        try await cart.site.syncOnce()
        #expect(try await cart.states() == ["superseded"])
        #expect(try await cart.everywhere(Self.quantity) == ["5"])
        #expect(try await cart.site.run("conflicts", "resolve", "1", "--keep", "eu").exitCode == 1)
    }

    @Test
    func undoOfADeleteThatWonBringsTheRowBackEverywhere() async throws {
        let cart = try await Cart("{ delete: wins }")
        try await cart.run("eu", "DELETE FROM items WHERE id = 1;")
        try await cart.run("us", "UPDATE items SET quantity = 8 WHERE id = 1;")
        try await cart.site.syncOnce()
        #expect(try await cart.everywhere("SELECT id FROM items;") == ["2"])
        #expect(try await cart.site.run("conflicts", "undo", "1", "--group", "carts").exitCode == 0)
        try await cart.site.syncOnce()
        #expect(try await cart.everywhere("SELECT * FROM items ORDER BY id;") == ["1|8|new\n2|20|old"])
    }

    @Test
    func exportAndSimulationTellWhatWasAndWhatWouldBe() async throws {
        let cart = try await Cart()
        try await cart.disagree()
        try await cart.site.syncOnce()
        let csv = try await cart.site.run("conflicts", "export", "--format", "csv", "--since", "1d")
        #expect(csv.output.contains("1,carts,items,id = 1,quantity,latest,resolved,"), "\(csv.text)")
        try cart.site.folder.write("tables: { items: { merge: { quantity: counter } } }\n", to: "new.yaml")
        let simulation = try await cart.site.run("conflicts", "simulate", "--policy", "new.yaml")
        #expect(simulation.exitCode == 0, "\(simulation.text)")
        // 10, three less here and two less there.
        #expect(simulation.output.contains("8   5         would be no conflict"), "\(simulation.text)")
        #expect(try await cart.everywhere(Self.quantity) == ["8"])
        try cart.site.folder.write("tables: { items: { merge: { quantity: countre } } }\n", to: "new.yaml")
        let wrong = try await cart.site.run("conflicts", "simulate", "--policy", "new.yaml")
        #expect(wrong.exitCode == 2)
        #expect(wrong.errors.contains("did you mean “counter”?"), "\(wrong.text)")
    }
}
