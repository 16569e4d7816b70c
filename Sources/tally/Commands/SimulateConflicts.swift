import ArgumentParser
import TallyService

/// `tally conflicts simulate`.
struct SimulateConflicts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs recorded history again under other policies and shows what would differ. Changes nothing.",
        discussion: """
            The file has `tables:` in the form of a group's, with `merge` and `delete`; tables that it leaves out keep \
            their policies. Each write is taken for itself, from the row as it was then.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Option(help: ArgumentHelp("The file with the policies to try.", valueName: "file"))
    var policy: String

    @Option(help: ArgumentHelp("The group; needed where there are several.", valueName: "name"))
    var group: String?

    @OptionGroup var since: SinceOption

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let trial = try PolicyTrial(options.load(), group: group)
        let simulation = try await trial.run(policy: policy, since: since.moment())
        if json {
            Console.output.write(try JSONText.of(simulation) + "\n")
        } else {
            Console.output.write(SimulationReport.lines(simulation))
        }
    }
}
