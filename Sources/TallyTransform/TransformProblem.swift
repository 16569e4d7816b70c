/// One thing that is wrong with the transform of a table.
public struct TransformProblem: Sendable, Hashable, CustomStringConvertible {
    /// What it is about: `where`, `set.email`, `drop`, `rename.email`, `table`.
    public var setting: String
    /// What is wrong and what to write instead.
    public var message: String

    public init(_ setting: String, _ message: String) {
        self.setting = setting
        self.message = message
    }

    public var description: String { "\(setting): \(message)" }
}

/// All that is wrong with the transform of a table; thrown before any row is touched.
public struct TransformProblems: Error, Sendable, Hashable, CustomStringConvertible {
    /// Never empty.
    public var problems: [TransformProblem]

    public init(_ problems: [TransformProblem]) {
        self.problems = problems
    }

    public var description: String { problems.map(\.description).joined(separator: "; ") }
}
