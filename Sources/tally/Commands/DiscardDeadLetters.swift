import ArgumentParser
import TallyService

/// `tally dead-letters discard`.
struct DiscardDeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Gives refused changes up: the target stays without them until their rows change again."
    )

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var letters: LetterArguments

    func run() async throws {
        let connection = try options.connect()
        let result = try await connection.node.discard(ids: letters.chosen, flow: letters.flow)
        if letters.json {
            Console.output.write(try JSONText.of(result) + "\n")
        } else {
            Console.output.write(DeadLetterReport.lines(result, verb: "discarded"))
        }
    }
}
