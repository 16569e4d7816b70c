/// One thing that is wrong with a configuration file.
public struct ConfigurationProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// Counted from 1; 0 when it is about the file as a whole.
    public var line: Int
    /// Counted from 1, in Unicode scalars.
    public var column: Int
    /// The way to the key through the file: `flows[0].capture.mode`; empty for the file as a whole.
    public var path: String
    /// What is wrong and what to write instead. Never holds what a `${…}` stands for.
    public var message: String

    public init(line: Int = 0, column: Int = 0, path: String = "", message: String) {
        self.line = line
        self.column = column
        self.path = path
        self.message = message
    }

    public var description: String {
        (line > 0 ? "\(line):\(column): " : "") + (path.isEmpty ? "" : "\(path): ") + message
    }
}

/// All that is wrong with a configuration file, in the order of its lines.
public struct ConfigurationProblems: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file, as it was asked for.
    public var file: String
    /// Never empty.
    public var problems: [ConfigurationProblem]

    public init(file: String, problems: [ConfigurationProblem]) {
        self.file = file
        self.problems = problems
    }

    /// One line for each, which begins as editors and terminals recognise places: `tally.yaml:12:5: `.
    public var description: String {
        problems.map { "\(file):\($0.line > 0 ? "" : " ")\($0)" }.joined(separator: "\n")
    }
}
