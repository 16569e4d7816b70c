import ArgumentParser
import TallyService

/// `tally demo`: the demonstration.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows a live sync between two databases that it makes itself, and proves that they agree."
    )

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
    }

    func run() async throws {
        throw ExitCode(await ShopDemo(postgres ? .server : .files(keep: keep)).run())
    }
}
