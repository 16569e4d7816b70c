import ArgumentParser
import TallyService

/// `tally conflicts undo`.
struct UndoConflict: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Takes back what a policy decided: what lost becomes the row's, in every member.",
        discussion: "A row that was deleted against an update comes back; one that stayed against a delete goes."
    )

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var conflict: ConflictArguments

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let connection = try options.connect()
        let undone = try await connection.node.undo(id: conflict.id, group: conflict.group)
        if json {
            Console.output.write(try JSONText.of(undone) + "\n")
        } else {
            Console.output.write(ConflictReport.lines(decided: undone, isOffline: connection.isOffline))
        }
    }
}
