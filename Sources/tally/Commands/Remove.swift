import ArgumentParser
import TallyService

/// `tally remove`: takes the traces of a flow or a group out of its stores.
struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stops a flow or a group and drops all that Tally made for it, in every store. The data stays."
    )

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The flow's or the group's name in the configuration.")
    var name: String

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    func run() async throws {
        let configuration = try options.load()
        let named = try configuration.kind(of: name)
        let (kind, place) =
            switch named {
            case .flow: ("flow", "on both sides")
            case .group: ("group", "in every member")
            }
        let confirmation = Confirmation(
            question: "Remove all that Tally made for \(kind) \(name), \(place)? The data stays.",
            matter: "\(kind) \(name) shall be removed"
        )
        guard try yes || confirmation.isGiven() else { throw Failure(code: 1, message: "nothing was removed") }
        let connection = try NodeConnection.open(configuration)
        switch named {
        case .flow: try await connection.node.remove(flow: name)
        case .group: try await connection.node.remove(group: name)
        }
        Console.output.write([
            Line("Removed all that Tally made for \(kind) \(name). The data \(place) stays."),
            Line("Take it out of \(options.config) too, or the next `tally run` begins it anew."),
        ])
    }
}
