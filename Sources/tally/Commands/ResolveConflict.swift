import ArgumentParser
import TallyService

/// `tally conflicts resolve`.
struct ResolveConflict: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve",
        abstract: "Decides a conflict by hand: one that waits, or one that a policy resolved.",
        discussion: """
            What you decide is written to every member like any other change. Values are read as the kind that the column \
            holds: --set quantity=5, --set note=hello, --set note=NULL; 'NULL' in quotes is text.
            """
    )

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var conflict: ConflictArguments

    @Option(help: ArgumentHelp("What this member wrote becomes the row's.", valueName: "member"))
    var keep: String?

    @Option(help: ArgumentHelp("A column's value; may be given again for other columns.", valueName: "column=value"))
    var set: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        _ = try resolution()
    }

    private func resolution() throws -> ConflictResolution {
        switch (keep, set.isEmpty) {
        case (let member?, true): return ConflictResolution(keep: member)
        case (nil, false):
            var values: [String: String] = [:]
            for text in set {
                guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
                    throw ValidationError("--set: write COLUMN=VALUE, not “\(text)”")
                }
                let column = String(text[..<equals])
                guard values.updateValue(String(text[text.index(after: equals)...]), forKey: column) == nil else {
                    throw ValidationError("--set names \(column) twice")
                }
            }
            return ConflictResolution(set: values)
        default: throw ValidationError("say either --keep MEMBER or --set COLUMN=VALUE")
        }
    }

    func run() async throws {
        let connection = try options.connect()
        let decided = try await connection.node.resolve(id: conflict.id, group: conflict.group, resolution())
        if json {
            Console.output.write(try JSONText.of(decided) + "\n")
        } else {
            Console.output.write(ConflictReport.lines(decided: decided, isOffline: connection.isOffline))
        }
    }
}
