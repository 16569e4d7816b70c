import ArgumentParser
import Foundation
import TallyService

/// `tally init`: a configuration to begin with.
struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Writes a commented tally.yaml to begin with.")

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Write over a file that is there.")
    var force = false

    func run() throws {
        let path = options.config
        do {
            try Data(Configuration.template.utf8).write(
                to: URL(filePath: path),
                options: force ? [.atomic] : [.withoutOverwriting]
            )
        } catch let error as CocoaError where error.code == .fileWriteFileExists {
            throw Failure(code: 1, message: "\(path) is there already; --force writes over it, --config names another")
        } catch {
            throw Failure(code: 3, message: "\(path) could not be written: \(error.localizedDescription)")
        }
        Console.output.write([
            Line("Wrote \(path)."),
            "Name your own files in it; then `tally check` says what would happen, and `tally run` does it.",
        ])
    }
}
