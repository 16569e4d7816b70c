import ArgumentParser
import TallyService

/// `tally status`: how flows and groups get on.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how every flow and table, and every group and member, gets on: phase, position, lag and more.",
        discussion: "Exits with 1 when a flow or a member of a group has stopped."
    )

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Show it every second until interrupted.")
    var watch = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if watch, json { throw ValidationError("--watch is for people and --json for programs; choose one") }
    }

    func run() async throws {
        let configuration = try options.load()
        if watch {
            // Anew every time: a node may start or end meanwhile.
            let view = LiveView(on: .output) {
                try await everything(configuration)
            }
            return try await view.watch()
        }
        let statuses = try await everything(configuration)
        if json {
            Console.output.write(try JSONText.of(statuses) + "\n")
        } else {
            Console.output.write(StatusReport.lines(statuses.flows, statuses.groups))
        }
        if StatusReport.hasStopped(statuses.flows) || GroupReport.hasStopped(statuses.groups) { throw ExitCode(1) }
    }

    private func everything(_ configuration: Configuration) async throws -> StatusList {
        try await NodeConnection.look(configuration) { (node) async throws(ControlError) in try await node.everything()
        }
    }
}
