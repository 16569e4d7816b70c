import Foundation

extension ChildProgram {
    /// Runs a program to its end on the caller's thread.
    ///
    /// - Parameter input: What it reads from its standard input.
    /// - Returns: Also what it wrote to both of its outputs.
    public static func run(_ command: [String], input: String = "") throws -> (ending: Ending, text: String) {
        let base = FileManager.default.temporaryDirectory.appending(path: "program-\(UUID().uuidString)").path
        let streams = Streams(input: base + ".in", output: base + ".out", errors: base + ".out")
        defer { for path in [streams.input, streams.output] { unlink(path) } }
        try Data(input.utf8).write(to: URL(filePath: streams.input))
        let ending = try ChildProgram(command, streams: streams).endBlocking()
        return (ending, String(decoding: try Data(contentsOf: URL(filePath: streams.output)), as: UTF8.self))
    }
}
