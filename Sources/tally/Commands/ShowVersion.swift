import ArgumentParser
import TallyService

/// `tally version`.
struct ShowVersion: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Says which version this is.")

    func run() {
        Console.output.write(Line("tally \(Version.current)"))
    }
}
