import ArgumentParser
import TallyService

/// `tally conflicts list`.
struct ListConflicts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists conflicts, oldest first: who wrote what, and what became of it."
    )

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var filter: ConflictFilterArguments

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let selection = try filter.selection()
        let conflicts = try await options.look { (node) async throws(ControlError) in
            try await node.conflicts(selection)
        }
        if json {
            Console.output.write(try JSONText.of(ConflictList(conflicts: conflicts)) + "\n")
        } else {
            Console.output.write(ConflictReport.lines(conflicts))
        }
    }
}
