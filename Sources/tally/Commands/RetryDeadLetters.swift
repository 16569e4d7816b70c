import ArgumentParser
import TallyService

/// `tally dead-letters retry`.
struct RetryDeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Offers refused changes to their targets again.",
        discussion: "Exits with 1 when some are refused again."
    )

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var letters: LetterArguments

    func run() async throws {
        let connection = try options.connect()
        let result = try await connection.node.retry(ids: letters.chosen, flow: letters.flow)
        if letters.json {
            Console.output.write(try JSONText.of(result) + "\n")
        } else {
            Console.output.write(DeadLetterReport.lines(result, verb: "taken by the target"))
        }
        if !result.refused.isEmpty { throw ExitCode(1) }
    }
}
