import ArgumentParser
import TallyService

/// `tally pause`: lets a flow or a table stand still.
struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lets a flow or a table stand still until it is resumed.")

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var arguments: FlowArguments

    func run() async throws {
        let connection = try options.connect()
        try await connection.node.pause(flow: arguments.flow, table: arguments.table)
        Console.output.write(Line("Paused \(arguments.name)."))
    }
}
