import ArgumentParser
import Foundation
import TallyService

/// The command: parses, calls, prints.
@main
struct Tally: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tally",
        abstract: "Keeps copies of data in agreement.",
        discussion: """
            Exit codes: 0 done; 1 the answer is "no"; 2 usage or configuration; 3 something could not be reached.
            """,
        version: "tally \(Version.current)",
        subcommands: [
            Init.self, Check.self, Run.self, Status.self, Pause.self, Resume.self, Resync.self, Remove.self,
            Rebuild.self, DeadLetters.self, Conflicts.self, History.self, Demo.self, ShowVersion.self,
        ]
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            let ending = Ending(error)
            (ending.isGood ? Console.output : Console.error).write(ending.text)
            Foundation.exit(ending.code)
        }
    }
}
