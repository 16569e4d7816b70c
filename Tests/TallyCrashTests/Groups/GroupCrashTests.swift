import Foundation
import TallyHarness
import TallyTesting
import Testing

/// Whatever goes wrong, the members of a group end up equal, and no difference that anybody counted is lost.
@Suite(.serialized, .timeLimit(.minutes(40)))
struct GroupCrashTests {
    private static let faults = 30

    @Test
    func afterFaultsUnderLoadTwoServersAndAFileAreEqualAndCountersHoldEveryDifference() async throws {
        let seed = SplitMix64.newSeed()
        print("crash test of a group: seed \(seed); TALLY_SEED=\(seed) replays the order of the faults")
        var random = SplitMix64(seed: seed)
        let stage = try await GroupStage()
        try stage.site.folder.write(GroupStage.script, to: "users.pgbench")
        let script = stage.site.folder.file("users.pgbench")
        let traffic = stage.servers.map { GroupTraffic($0, script: script) }
        let writer = BackgroundWriter(
            path: stage.file.path,
            pace: .milliseconds(10),
            GroupStage.FileWorkload(random: SplitMix64(seed: seed &+ 1))
        )
        var done: [GroupStage.Fault: Int] = [:]
        let plan = (0..<Self.faults).map { GroupStage.Fault.allCases[$0 % GroupStage.Fault.allCases.count] }
        for fault in plan.shuffled(using: &random) {
            try await stage.undergo(fault, &random)
            done[fault, default: 0] += 1
            // How long it may recover before the next one is this test's random input; nothing waits for anything.
            try await Task.sleep(for: .milliseconds(random.below(500)))
        }
        var cutShort = 0
        for users in traffic { cutShort += await users.stop() }
        let transactions = try await writer.stop()
        try await stage.finish()

        for query in [
            "SELECT id, name, quantity FROM items ORDER BY id", "SELECT id, v, w FROM notes ORDER BY id",
        ] {
            let answers = try await stage.everywhere(query)
            #expect(Set(answers).count == 1, "\(query): \(answers)")
        }
        // What each member's users wrote down beside, summed up by hand.
        var truth = [Int](repeating: 100, count: GroupStage.rows)
        for sums in try await stage.everywhere("SELECT id, sum(delta) FROM ledger GROUP BY id ORDER BY id") {
            for line in sums.split(separator: "\n") {
                let parts = line.split(separator: "|").compactMap { Int($0) }
                truth[parts[0] - 1] += parts[1]
            }
        }
        let held = try await stage.everywhere("SELECT quantity FROM items ORDER BY id")[0]
        #expect(held.split(separator: "\n").compactMap { Int($0) } == truth)
        let written = try await stage.everywhere("SELECT count(*) FROM ledger")
        #expect(written.allSatisfy { Int($0).map { $0 > 100 } ?? false }, "every member was written to: \(written)")
        let cutOff = try await stage.cutOffTimes()
        #expect(cutOff > 0, "the server whose clock is ahead was written to")
        print(
            "crash test of a group: \(done), transactions \(written), \(transactions) of the file's writer, "
                + "\(cutShort) runs of users cut short, \(cutOff) times cut off"
        )
        await stage.close()
    }
}
