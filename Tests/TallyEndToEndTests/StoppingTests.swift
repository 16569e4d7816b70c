import Foundation
import Programs
import TallyHarness
import Testing

/// How a running node ends, and what keeps a second one out.
@Suite(.timeLimit(.minutes(15)))
struct StoppingTests {
    private static let counters = """
        PRAGMA journal_mode = WAL;
        CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER);
        INSERT INTO counter SELECT value, 0 FROM generate_series(1, 1000);
        """

    @Test
    func afterSigtermItExitsWithZeroAndTheTargetHoldsWholeTransactions() async throws {
        let site = try Site()
        try await site.source.run(Self.counters)
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        // Each transaction moves every counter by one: half of one would show as two different numbers.
        try await site.source.run(String(repeating: "UPDATE counter SET n = n + 1;\n", count: 30))
        try await site.stop(child)
        #expect(try await site.target.run("SELECT count(DISTINCT n) FROM counter;") == "1")

        try await site.syncOnce()
        try await site.requireAgreement()
    }

    @Test
    func aSignalThatComesBeforeTheNodeIsUpEndsItAsWellAsALaterOne() async throws {
        let site = try Site()
        try await site.source.run(Self.counters)
        let child = try site.start("run")
        // The first that a run leaves behind, long before it listens.
        try await eventually("it has begun", each: .microseconds(100)) {
            FileManager.default.fileExists(atPath: site.folder.file(".tally"))
        }
        try await site.stop(child)
        try await site.syncOnce()
        try await site.requireAgreement()
    }

    @Test
    func aStateFolderThatNoSocketFitsInIsAnErrorOfTheConfiguration() async throws {
        let site = try Site()
        try await site.source.run(Self.counters)
        let yaml = try String(contentsOfFile: site.folder.file("tally.yaml"), encoding: .utf8)
        try site.folder.write("state: ./\(String(repeating: "x", count: 120))\n" + yaml, to: "tally.yaml")
        let answer = try await site.run("run", "--once")
        #expect(answer.exitCode == 2)
        #expect(answer.errors.contains("give `state:` a folder with a shorter path"), "\(answer.text)")
    }

    @Test
    func aSecondRunOfTheSameConfigurationIsRefusedNamingTheFirst() async throws {
        let site = try Site()
        try await site.source.run(Self.counters)
        let child = try site.start("run")
        try await site.waitUntilLive(child)

        let second = try await site.run("run")
        #expect(second.exitCode == 1)
        #expect(second.text.contains("process \(child.id)"), "\(second.text)")

        try await site.source.run("UPDATE counter SET n = 7;")
        try await site.waitForTarget("SELECT sum(n) FROM counter;", "7000")
        try await site.stop(child)
    }

    @Test
    func anotherConfigurationWithTheSameFlowIntoTheSameTargetIsRefusedNamingTheHolder() async throws {
        let site = try Site()
        try await site.source.run(Self.counters)
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        let yaml = try String(contentsOfFile: site.folder.file("tally.yaml"), encoding: .utf8)
        try site.folder.write("state: ./elsewhere\n" + yaml, to: "other.yaml")

        let second = try await site.run("run", "--once", "--config", "other.yaml")
        #expect(second.exitCode == 1)
        #expect(second.text.contains("\(child.id)"), "\(second.text)")
        try await site.stop(child)
    }

    @Test
    func aFlowWhoseRunnerWasKilledIsTakenOver() async throws {
        let site = try Site()
        try await site.source.run(Self.counters)
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        child.send(SIGKILL)
        #expect(try await child.wait() == .killed(signal: SIGKILL))

        try await site.source.run("UPDATE counter SET n = n + id;")
        try await site.syncOnce()
        try await site.requireAgreement()
    }
}
