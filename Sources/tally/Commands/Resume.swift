import ArgumentParser
import TallyService

/// `tally resume`: ends a pause.
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lets a paused flow or table go on.")

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var arguments: FlowArguments

    func run() async throws {
        let connection = try options.connect()
        try await connection.node.resume(flow: arguments.flow, table: arguments.table)
        Console.output.write(Line("Resumed \(arguments.name)."))
    }
}
