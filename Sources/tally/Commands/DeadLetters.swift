import ArgumentParser

/// `tally dead-letters`: changes that a target refused.
struct DeadLetters: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "Lists, shows, retries and discards the changes that targets refused.",
        subcommands: [
            ListDeadLetters.self, ShowDeadLetter.self, RetryDeadLetters.self, DiscardDeadLetters.self,
        ],
        defaultSubcommand: ListDeadLetters.self
    )
}

/// Which dead letters are meant.
struct LetterArguments: ParsableArguments {
    @Argument(help: "The ids of dead letters, as `tally dead-letters list` shows them.")
    var ids: [Int64] = []

    @Flag(help: "All of them.")
    var all = false

    @Option(help: ArgumentHelp("With --all: only those of this flow.", valueName: "name"))
    var flow: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if ids.isEmpty, !all { throw ValidationError("name dead letters by their ids, or say --all") }
        if !ids.isEmpty, all { throw ValidationError("--all and ids exclude each other") }
        if !ids.isEmpty, flow != nil { throw ValidationError("--flow goes with --all; ids are unique without it") }
    }

    /// The ids, where they were given.
    var chosen: [Int64]? { all ? nil : ids }
}
