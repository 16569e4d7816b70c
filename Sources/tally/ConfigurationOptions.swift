import ArgumentParser
import TallyService

/// Where the configuration is: what almost every command wants to know.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "tally.yaml"

    func load() throws -> Configuration {
        try Configuration.load(path: config)
    }

    /// The node that runs with the configuration, or a stand-in, to change things.
    func connect() throws -> NodeConnection {
        try NodeConnection.open(load())
    }

    /// What the node that runs with the configuration, or a stand-in, has to say.
    func look<Answer>(
        _ question: (any ControlledNode) async throws(ControlError) -> Answer
    ) async throws -> Answer {
        try await NodeConnection.look(load(), question)
    }
}

/// A flow, or one of its tables.
struct FlowArguments: ParsableArguments {
    @Argument(help: "The flow's name in the configuration.")
    var flow: String

    @Argument(help: "One of its tables; without it, the whole flow.")
    var table: String?

    /// How messages name it.
    var name: String {
        table.map { "table \($0) of flow \(flow)" } ?? "flow \(flow)"
    }
}
