import ArgumentParser
import Foundation
import TallyService

/// `tally remove`: takes a flow's traces out of both stores.
struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stops a flow and drops all that Tally made for it, on both sides. The data stays."
    )

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The flow's name in the configuration.")
    var flow: String

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    func run() async throws {
        let configuration = try options.load()
        guard try yes || isConfirmed() else { throw Failure(code: 1, message: "nothing was removed") }
        let connection = try NodeConnection.open(configuration, to: .change)
        try await connection.node.remove(flow: flow)
        Console.output.write([
            Line("Removed all that Tally made for flow \(flow). The data on both sides stays."),
            Line("Take it out of \(options.config) too, or the next `tally run` begins it anew."),
        ])
    }

    private func isConfirmed() throws -> Bool {
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure(code: 2, message: "there is nobody to ask whether flow \(flow) shall be removed; say --yes")
        }
        Console.error.write("Remove all that Tally made for flow \(flow), on both sides? The data stays. [y/N] ")
        return ["y", "yes"].contains(readLine()?.lowercased())
    }
}
