import ArgumentParser
import TallyService

/// `tally history`.
struct History: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows every version of one row of a group: who wrote it, when, and having seen what.",
        discussion: "A key of several columns is written with commas between the values, or as a JSON array."
    )

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The table.")
    var table: String

    @Argument(help: "The key of the row.")
    var key: String

    @Option(help: ArgumentHelp("The group; needed where several have the table.", valueName: "name"))
    var group: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let history = try await options.look { (node) async throws(ControlError) in
            try await node.history(table: table, key: key, group: group)
        }
        if json {
            Console.output.write(try JSONText.of(history) + "\n")
        } else {
            Console.output.write(HistoryReport.lines(history))
        }
    }
}
