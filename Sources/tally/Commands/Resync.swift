import ArgumentParser
import TallyService

/// `tally resync`: a load anew.
struct Resync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Loads a table anew beside the stream; without a table, the whole flow from the source as it is now."
    )

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var arguments: FlowArguments

    func run() async throws {
        let connection = try options.connect()
        try await connection.node.resync(flow: arguments.flow, table: arguments.table)
        let when = connection.isOffline ? "It begins with the next `tally run`." : "`tally status` shows how far it is."
        Console.output.write(Line("Asked for a new load of \(arguments.name). \(when)"))
    }
}
