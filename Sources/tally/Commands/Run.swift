import ArgumentParser
import Foundation
import TallyService

/// `tally run`: the node itself.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs every flow and every group until it is told to stop.",
        discussion:
            "SIGINT and SIGTERM end it gracefully: it finishes the transaction at hand, saves and exits 0, or 1 where a flow or a member of a group stood still because of an error."
    )

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "End when every flow and every group has caught up.")
    var once = false

    @Flag(help: "Take flows from runners that cannot be seen to have ended. Make sure that they have.")
    var takeOver = false

    @Option(help: "What to log on standard error.")
    var logLevel = LogLevel.info

    @Flag(name: .customLong("no-progress"), help: "Show no progress on the terminal.")
    var hidesProgress = false

    func run() async throws {
        // First of all: until then either signal would end the process where it is.
        let signals = await StopSignals()
        let console = Console.error
        let node = try await Node(
            configuration: try options.load(),
            options: NodeOptions(
                once: once,
                takeOver: takeOver,
                logger: logLevel.logger(on: console),
                signals: signals,
                observer: CrashPoint.observer(environment: ProcessInfo.processInfo.environment)
            )
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            if console.isTerminal, !hidesProgress {
                group.addTask { try await LiveView(on: console) { try await node.everything() }.followRun() }
            }
            // The node ends by itself; the view only with it, so that its last state is what stays.
            let result: Result<Void, any Error>
            do {
                try await node.run()
                result = .success(())
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            try await group.waitForAll()
            try result.get()
        }
    }
}

extension LogLevel: ExpressibleByArgument {}
