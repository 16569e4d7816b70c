import Foundation
import Programs
import TallyTesting
import Testing
import TallyEngine
import TallyHarness
import TallyModel

/// Whatever moment the process dies at, nothing is missing and nothing is there twice.
@Suite(.serialized, .timeLimit(.minutes(40)))
struct CrashTests {
    private static let kills = 200

    @Test
    func afterTwoHundredKillsBothFilesAreEqualRowByRow() async throws {
        let seed = SplitMix64.newSeed()
        print("crash test: seed \(seed); TALLY_SEED=\(seed) replays what is written and how each run ends")
        let site = try Site(flow: "memory: 4MiB\nexisting: refuse")
        try await site.source.run(Ledgers.schema)
        let writer = BackgroundWriter(path: site.source.path, pace: .milliseconds(1), Ledgers(seed: seed))
        var reached: [Milestone: Int] = [:]

        for (number, run) in CrashPlan(count: Self.kills, each: 12, seed: seed).runs.enumerated() {
            try await prepare(run.preparation, number, site)
            if let milestone = try await end(run.kill, site) { reached[milestone, default: 0] += 1 }
            if try await isPostingLive(site) {
                let sum = try await site.target.run("SELECT sum(amount) FROM posting;")
                try #require(sum == "0", "after kill \(number) (\(run)) the target shows half a transaction")
            }
        }
        // On a busy machine the kills may leave no load the time to end: once more, without one.
        let child = try site.start("run")
        try await eventually("the postings are live") { try await isPostingLive(site) }
        #expect(
            try await site.target.run("SELECT sum(amount) FROM posting;") == "0",
            "no half of a transaction is seen"
        )
        try await site.stop(child)
        let transactions = try await writer.stop()
        try await site.syncOnce()

        try await site.requireAgreement()
        #expect(try await site.run("dead-letters", "list", "--json").output.contains("\"id\"") == false)
        for milestone in Milestone.ofFlows {
            #expect(reached[milestone, default: 0] >= 10, "\(milestone.rawValue) was not reached often enough")
        }
        #expect(transactions > Self.kills)
        print("crash test: \(Self.kills) kills, \(transactions) transactions, by milestone \(reached)")
    }

    /// Runs until the kill.
    ///
    /// - Returns: The milestone at which the process killed itself; `nil` where the signal came from here.
    private func end(_ kill: CrashPlan.Kill, _ site: Site) async throws -> Milestone? {
        switch kill {
        case .at(let milestone, let occurrence):
            let child = try site.start(
                "run",
                environment: ["TALLY_CRASH_AT": "\(milestone.rawValue):\(occurrence)"]
            )
            let ending = try await child.wait()
            try #require(ending == .killed(signal: SIGKILL), "\(milestone): \(child.standardError)")
            return milestone
        case .after(let wait):
            let child = try site.start("run")
            // The moment of the kill is the random input of this test; nothing waits for anything here.
            try await Task.sleep(for: wait)
            child.send(SIGKILL)
            let ending = try await child.wait()
            try #require(ending == .killed(signal: SIGKILL), "it ended by itself: \(child.standardError)")
            return nil
        }
    }

    private func prepare(_ preparation: CrashPlan.Preparation, _ number: Int, _ site: Site) async throws {
        switch preparation {
        case .nothing: break
        case .newTable:
            try await site.source.run(
                """
                CREATE TABLE extra_\(number) (id INTEGER PRIMARY KEY, v);
                INSERT INTO extra_\(number) SELECT value, 'v' || value FROM generate_series(1, 50);
                """
            )
        case .newColumn:
            try await site.source.run("ALTER TABLE account ADD COLUMN extra_\(number) DEFAULT \(number);")
        case .resync:
            let answer = try await site.run("resync", "copy", "big")
            try #require(answer.exitCode == 0, "\(answer.text)")
        }
    }

    /// Whether the target shows whole transactions of the pairs: not before their table's load is done.
    private func isPostingLive(_ site: Site) async throws -> Bool {
        guard FileManager.default.fileExists(atPath: site.target.path) else { return false }
        let tables = try await site.status().flatMap(\.tables)
        return tables.contains { $0.table == "posting" && $0.phase == .live }
    }
}
