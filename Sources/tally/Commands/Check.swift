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
        let configuration = try options.load()
        let flows = await Inspection.run(configuration)
        let groups = await GroupInspection.run(configuration)
        if json {
            Console.output.write(try FindingsReport.json(flows, groups) + "\n")
        } else {
            Console.output.write(FindingsReport.lines(flows, groups))
        }
        if FindingsReport.hasErrors(flows, groups) { throw ExitCode(1) }
    }
}
