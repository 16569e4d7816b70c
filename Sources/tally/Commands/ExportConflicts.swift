import ArgumentParser
import TallyService

/// `tally conflicts export`.
struct ExportConflicts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes conflicts to standard output for other programs, with the values of rows."
    )

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case json, csv
    }

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var filter: ConflictFilterArguments

    @Option(help: "The form: \(Format.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format = Format.json

    func run() async throws {
        let selection = try filter.selection()
        let conflicts = try await options.look { (node) async throws(ControlError) in
            try await node.conflicts(selection)
        }
        switch format {
        case .json: Console.output.write(try JSONText.of(ConflictList(conflicts: conflicts)) + "\n")
        case .csv: Console.output.write(ConflictExport.csv(conflicts))
        }
    }
}
