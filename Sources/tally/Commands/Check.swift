import ArgumentParser
import TallyService

/// `tally check`: what is wrong, before anything runs.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what is wrong, what will be created and what cannot be captured. Changes nothing."
    )

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let findings = await Inspection.run(try options.load())
        if json {
            Console.output.write(try FindingsReport.json(findings) + "\n")
        } else {
            Console.output.write(FindingsReport.lines(findings))
        }
        if FindingsReport.hasErrors(findings) { throw ExitCode(1) }
    }
}
