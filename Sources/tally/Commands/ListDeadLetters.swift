import ArgumentParser
import TallyService

/// `tally dead-letters list`.
struct ListDeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists what targets refused, and why; shows no values of rows."
    )

    @OptionGroup var options: ConfigurationOptions

    @Option(help: ArgumentHelp("Only those of this flow.", valueName: "name"))
    var flow: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let letters = try await options.look { (node) async throws(ControlError) in
            try await node.deadLetters(flow: flow)
        }
        if json {
            Console.output.write(try JSONText.of(DeadLetterList(deadLetters: letters)) + "\n")
        } else {
            Console.output.write(DeadLetterReport.lines(letters))
        }
    }
}
