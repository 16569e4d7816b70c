import TallyEngine
import TallyHarness
import Testing

/// A row that the target refuses stops only itself.
@Suite(.timeLimit(.minutes(15)))
struct DeadLetterTests {
    private func poisoned() async throws -> Site {
        let site = try Site(flow: "create: never")
        try await site.source.run(
            """
            CREATE TABLE person (id INTEGER PRIMARY KEY, email TEXT, age INTEGER);
            INSERT INTO person VALUES (1, 'a', 30), (2, 'b', 40), (3, 'c', 50), (4, 'd', 60);
            """
        )
        try await site.target.run(
            "CREATE TABLE person (id INTEGER PRIMARY KEY, email TEXT, age INTEGER CHECK (age < 100));"
        )
        return site
    }

    @Test
    func theOthersGoOnAndTheRowArrivesOnceItsSourceIsMended() async throws {
        let site = try await poisoned()
        try await site.source.run("UPDATE person SET age = 1000 WHERE id = 2;")
        #expect(try await site.run("run", "--once").exitCode == 1, "a run that could not bring all over says so")
        #expect(try await site.target.run("SELECT id FROM person ORDER BY id;") == "1\n3\n4")
        let list = try await site.run("dead-letters", "list")
        #expect(list.output.contains("person"), "\(list.text)")
        #expect(list.output.contains("CHECK"), "\(list.text)")

        try await site.source.run(
            "INSERT INTO person VALUES (5, 'e', 20); UPDATE person SET email = 'bb' WHERE id = 2;"
        )
        #expect(try await site.run("run", "--once").exitCode == 1)
        #expect(try await site.target.run("SELECT id FROM person ORDER BY id;") == "1\n3\n4\n5")

        try await site.source.run("UPDATE person SET age = 41 WHERE id = 2;")
        try await site.syncOnce()
        try await site.requireAgreement()
    }

    @Test
    func retryBringsTheRowOverOnceTheTargetIsMended() async throws {
        let site = try await poisoned()
        try await site.target.run("CREATE UNIQUE INDEX one_email ON person (email);")
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        try await site.source.run(
            "UPDATE person SET email = 'b' WHERE id = 3; UPDATE person SET age = 61 WHERE id = 4;"
        )
        try await eventually("one row is refused") { try await site.status().first?.deadLetters == 1 }
        try await site.waitForTarget("SELECT group_concat(email || age) FROM person;", "a30,b40,c50,d61")
        let refused = try await site.run("dead-letters", "retry", "--all")
        #expect(refused.exitCode == 1, "it is refused again: \(refused.text)")

        try await site.target.run("DROP INDEX one_email;")
        let retried = try await site.run("dead-letters", "retry", "--all")
        #expect(retried.exitCode == 0, "\(retried.text)")
        try await eventually("nothing is parked") { try await site.status().first?.deadLetters == 0 }
        try await site.stop(child)
        try await site.requireAgreement()
    }
}
