import ArgumentParser
import TallyService

/// `tally conflicts show`.
struct ShowConflict: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows one conflict: what had been, who wrote what and when, and what came of it."
    )

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var conflict: ConflictArguments

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let found = try await options.look { (node) async throws(ControlError) in
            try await node.conflict(id: conflict.id, group: conflict.group)
        }
        if json {
            Console.output.write(try JSONText.of(found) + "\n")
        } else {
            Console.output.write(ConflictReport.lines(found))
        }
    }
}
