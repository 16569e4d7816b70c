import ArgumentParser
import TallyService

/// `tally rebuild`: gives a group a new ledger in place of one that is damaged or lost.
struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a group's ledger anew from what its members hold; the old one is kept aside."
    )

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The group's name in the configuration.")
    var group: String

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    func run() async throws {
        let configuration = try options.load()
        if case .flow = try configuration.kind(of: group) {
            throw Failure(
                code: 2,
                message: "\(group) is a flow, which has no ledger; `tally resync \(group)` loads it anew"
            )
        }
        let connection = try NodeConnection.open(configuration)
        if !yes {
            Console.error.write(RebuildReport.plan(try await connection.node.surveyLedger(ofGroup: group)))
            let confirmation = Confirmation(
                question: "Make the ledger of group \(group) anew from its members?",
                matter: "the ledger of group \(group) shall be made anew"
            )
            guard try confirmation.isGiven() else { throw Failure(code: 1, message: "nothing was changed") }
        }
        Console.output.write(RebuildReport.result(try await connection.node.rebuild(group: group)))
    }
}
