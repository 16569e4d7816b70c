import ArgumentParser
import TallyService

/// `tally status`: how the flows get on.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows phase, position, lag, rate, retries and dead letters of every flow and table.",
        discussion: "Exits with 1 when a flow has stopped."
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
                try await NodeConnection.open(configuration, to: .look).node.statuses()
            }
            return try await view.watch()
        }
        let node = try NodeConnection.open(configuration, to: .look).node
        let (statuses, groups) = (try await node.statuses(), try await node.groupStatuses())
        if json {
            Console.output.write(try JSONText.of(StatusList(flows: statuses, groups: groups)) + "\n")
        } else {
            Console.output.write(StatusReport.lines(statuses, groups))
        }
        if StatusReport.hasStopped(statuses) || GroupReport.hasStopped(groups) { throw ExitCode(1) }
    }
}
