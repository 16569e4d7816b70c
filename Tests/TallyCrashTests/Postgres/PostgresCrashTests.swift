import Foundation
import PrivatePostgres
import TallyEngine
import TallyHarness
import TallyModel
import TallyTesting
import Testing

/// Whatever goes wrong between two servers, nothing is missing, nothing is there twice, and no half is ever seen.
@Suite(.serialized, .timeLimit(.minutes(40)))
struct PostgresCrashTests {
    private static let faults = 100

    @Test
    func afterAHundredFaultsUnderLoadAllTablesAreEqualAndTheBankWasAlwaysBalanced() async throws {
        let seed = SplitMix64.newSeed()
        print("crash test over PostgreSQL: seed \(seed); TALLY_SEED=\(seed) replays the order of the faults")
        let stage = try await CrashStage()
        let bank = Bank(database: stage.source)
        try await bank.make()
        try stage.site.folder.write(Bank.ballast, to: "ballast.pgbench")
        let traffic = BankTraffic(bank, script: stage.site.folder.file("ballast.pgbench"), seed: seed)

        var random = SplitMix64(seed: seed ^ 1)
        var done: [String: Int] = [:]
        var spent: [String: Duration] = [:]
        var inspector: BankInspector?
        for (number, fault) in Fault.plan(count: Self.faults, seed: seed).enumerated() {
            let start = ContinuousClock.now
            try await stage.undergo(fault, number: number)
            spent[fault.kind, default: .zero] += ContinuousClock.now - start
            done[fault.kind, default: 0] += 1
            if inspector == nil, try await stage.isBankLive() { inspector = BankInspector(stage.target) }
            // How long it may recover before the next one is this test's random input; nothing waits for anything.
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...500, using: &random)))
        }
        if inspector == nil {
            try await eventually("the load comes to its end") { try await stage.isBankLive() }
            inspector = BankInspector(stage.target)
        }
        try await inspector?.look(moreThan: Self.faults)
        let customers = try await traffic.stop()
        try await stage.finish()

        let report = try #require(try await inspector?.stop())
        #expect(report.disagreement == nil, "sums of accounts, branches, tellers and history in one snapshot")
        #expect(report.looks > Self.faults)
        try await PostgresComparison(stage.source, stage.target).requireAgreement()
        let sums = try await stage.target.psql(Bank.sums)
        #expect(Set(sums.split(separator: "|")).count == 1, "\(sums)")
        #expect(try await stage.site.run("dead-letters", "list", "--json").output.contains("\"id\"") == false)
        let transactions = try await stage.source.psql("SELECT count(*) FROM pgbench_history")
        #expect(Int(transactions).map { $0 > 1000 } == true, "the bank had customers")
        print(
            "crash test over PostgreSQL: \(Self.faults) faults, \(transactions) bank transactions, \(report.looks) looks "
                + "at the sums, \(customers.interruptions) of \(customers.runs) runs of pgbench cut short; \(done)"
                + "\(spent)"
        )
        await stage.close()
    }
}
