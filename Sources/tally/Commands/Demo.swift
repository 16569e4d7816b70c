import ArgumentParser
import TallyService

/// `tally demo`: the demonstrations.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows a live sync between databases that it makes itself, and proves that they agree."
    )

    enum Kind: String, CaseIterable, ExpressibleByArgument {
        /// One-way: a database and its copy.
        case flow
        /// Many-way: three databases that all take writes.
        case group
    }

    @Option(help: "What to show: flow, a database and its copy, or group, three that all take writes.")
    var kind = Kind.flow

    @Option(
        name: .long,
        help: ArgumentHelp("Keep the files in this folder instead of removing them.", valueName: "dir")
    )
    var keep: String?

    @Flag(help: "Between two databases of a PostgreSQL server that it starts for itself, instead of two SQLite files.")
    var postgres = false

    func validate() throws {
        if postgres, keep != nil {
            throw ValidationError("--keep keeps SQLite files, and with --postgres there are none; leave one out")
        }
        if postgres, kind == .group {
            throw ValidationError("the demo of a group uses SQLite files; leave --postgres out")
        }
    }

    func run() async throws {
        switch kind {
        case .flow: throw ExitCode(await ShopDemo(postgres ? .server : .files(keep: keep)).run())
        case .group: throw ExitCode(await GroupDemo(keep: keep).run())
        }
    }
}
