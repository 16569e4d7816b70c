import ArgumentParser
import TallyService

/// `tally demo`: the demonstration.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows a live sync between two SQLite files that it makes itself, and proves that they agree."
    )

    @Option(
        name: .long,
        help: ArgumentHelp("Keep the files in this folder instead of removing them.", valueName: "dir")
    )
    var keep: String?

    func run() async throws {
        throw ExitCode(await ShopDemo(keep: keep).run())
    }
}
