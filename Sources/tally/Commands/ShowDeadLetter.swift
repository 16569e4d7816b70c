import ArgumentParser
import TallyService

/// `tally dead-letters show`.
struct ShowDeadLetter: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows one dead letter with the key of its row, and with --values the row itself."
    )

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The id, as `tally dead-letters list` shows it.")
    var id: Int64

    @Flag(help: "Show the values of the row too.")
    var values = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let whole = try await options.look { (node) async throws(ControlError) in
            try await node.deadLetter(id: id)
        }
        let letter = values ? whole : whole.withoutValues
        if json {
            Console.output.write(try JSONText.of(letter) + "\n")
        } else {
            Console.output.write(DeadLetterReport.lines(letter))
        }
    }
}
