import ArgumentParser
import Foundation
import TallyService

/// `tally conflicts`: changes that had not seen each other.
struct Conflicts: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conflicts",
        abstract: "Lists, shows, resolves, undoes, exports and simulates conflicts between members of groups.",
        subcommands: [
            ListConflicts.self, ShowConflict.self, ResolveConflict.self, UndoConflict.self, ExportConflicts.self,
            SimulateConflicts.self,
        ],
        defaultSubcommand: ListConflicts.self
    )
}

/// Which conflicts are meant.
struct ConflictFilterArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Only those of this group.", valueName: "name"))
    var group: String?

    @Option(help: ArgumentHelp("Only those of this table.", valueName: "table"))
    var table: String?

    @Option(help: ArgumentHelp("Only those with a write of this member.", valueName: "member"))
    var member: String?

    @Option(
        help: ArgumentHelp(
            "Only those in this state: \(ConflictSelection.states.joined(separator: ", ")).",
            valueName: "state"
        )
    )
    var state: String?

    @OptionGroup var since: SinceOption

    func validate() throws {
        if let state, !ConflictSelection.states.contains(state) {
            let states = ConflictSelection.states.joined(separator: ", ")
            throw ValidationError("“\(state)” is no state of a conflict; the states are \(states)")
        }
    }

    func selection() throws -> ConflictSelection {
        ConflictSelection(group: group, table: table, member: member, state: state, since: try since.moment())
    }
}

/// From when on.
struct SinceOption: ParsableArguments {
    @Option(help: ArgumentHelp("Only what was written since: 7d ago, or a date.", valueName: "when"))
    var since: String?

    func validate() throws { _ = try moment() }

    func moment() throws -> Date? {
        try since.map { text in
            guard let moment = Since.moment(text) else {
                throw ValidationError("--since: “\(text)” is no \(Since.form)")
            }
            return moment
        }
    }
}

/// One conflict.
struct ConflictArguments: ParsableArguments {
    @Argument(help: "The id, as `tally conflicts list` shows it.")
    var id: Int64

    @Option(help: ArgumentHelp("The group; needed where several have a conflict of that id.", valueName: "name"))
    var group: String?
}
