import Foundation

/// What the command line asks for.
struct Options {
    /// Runs of every measurement; the results are medians of them.
    var runs = 3
    /// Rows, or changes, of one measurement.
    var rows = Options.fullRows
    /// How long lag and idle CPU are watched in one run.
    var seconds = Options.fullSeconds
    /// Rows of the group whose memory is measured.
    var groupRows = Options.fullGroupRows
    var subjects = Subject.allCases
    var tallyPath: String
    /// Where the databases are made; their disk is what is measured.
    var folder = FileManager.default.temporaryDirectory.path
    var resultsPath: String?
    var asksForHelp = false
    /// What was asked of the measurement itself, as it was written: no paths.
    private(set) var measured = ""

    static let fullRows = 1_000_000
    static let fullSeconds = 20
    static let fullGroupRows = 10_000_000

    /// The package's own folder, three above this file.
    private static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let help = """
        Measures Tally against its peers and rewrites RESULTS.md.

          --only \(Subject.allCases.map(\.rawValue).joined(separator: ","))
          --rows N         rows of one measurement (default \(fullRows))
          --group-rows N   rows of the group whose memory is measured (default \(fullGroupRows))
          --runs N         runs of which the median is taken (default 3)
          --seconds N      how long lag and idle CPU are watched (default \(fullSeconds))
          --tally PATH     the command to measure (default $TALLY, or .build/release/tally beside this package)
          --folder PATH    where the databases are made (default the temporary folder)
          --results PATH   where the results are written (default RESULTS.md, by a whole run at full size)

        The peer of group-bucardo is Debian's Bucardo; without it that benchmark is skipped:
        apt-get install bucardo postgresql-plperl-15 (the number is that of the newest server in /usr/lib/postgresql).
        """

    init(arguments: [String]) throws {
        tallyPath =
            ProcessInfo.processInfo.environment["TALLY"]
            ?? Self.package.deletingLastPathComponent().appendingPathComponent(".build/release/tally").path
        var rest = arguments[...]
        while let option = rest.popFirst() {
            if option == "--help" {
                asksForHelp = true
                continue
            }
            guard let value = rest.popFirst() else { throw BenchmarkError("\(option) needs a value; see --help") }
            switch option {
            case "--only": subjects = try Self.subjects(value)
            case "--rows": rows = try Self.number(value, for: option)
            case "--group-rows": groupRows = try Self.number(value, for: option)
            case "--runs": runs = try Self.number(value, for: option)
            case "--seconds": seconds = try Self.number(value, for: option)
            case "--tally": tallyPath = URL(fileURLWithPath: value).path
            case "--folder": folder = URL(fileURLWithPath: value).path
            case "--results": resultsPath = value
            default: throw BenchmarkError("\(option) is no option; see --help")
            }
            if ["--only", "--rows", "--group-rows", "--runs", "--seconds"].contains(option) {
                measured += " \(option) \(value)"
            }
        }
        if measured.isEmpty, resultsPath == nil { resultsPath = Self.package.appendingPathComponent("RESULTS.md").path }
    }

    private static func subjects(_ list: String) throws -> [Subject] {
        try list.split(separator: ",").map {
            guard let subject = Subject(rawValue: String($0)) else {
                throw BenchmarkError("\($0) is no benchmark; see --help")
            }
            return subject
        }
    }

    private static func number(_ text: String, for option: String) throws -> Int {
        guard let number = Int(text), number > 0 else { throw BenchmarkError("\(option) needs a number above 0") }
        return number
    }
}
