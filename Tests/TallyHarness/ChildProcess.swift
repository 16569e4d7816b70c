import Foundation
package import Programs

/// A program that a test started: its output is kept in files, so that no pipe can fill up and hold it.
package final class ChildProcess: Sendable {
    private let program: ChildProgram
    private let streams: ChildProgram.Streams

    package var id: Int32 { program.id }

    /// How it ended; `nil` while it runs.
    package var ended: ChildProgram.Ending? { program.ending }

    /// - Parameters:
    ///   - environment: Set beside what the test itself was given.
    ///   - input: What it reads from its standard input.
    package init(
        _ executable: String,
        _ arguments: [String],
        in folder: ScratchFolder,
        environment: [String: String] = [:],
        input: String = ""
    ) throws {
        let name = folder.file("output-" + UUID().uuidString.prefix(8))
        streams = ChildProgram.Streams(input: name + ".in", output: name + ".out", errors: name + ".err")
        try Data(input.utf8).write(to: URL(filePath: streams.input))
        program = try ChildProgram(
            [executable] + arguments,
            in: folder.path,
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            streams: streams
        )
    }

    deinit { program.send(SIGKILL) }

    package var standardOutput: String { Self.text(of: streams.output) }
    package var standardError: String { Self.text(of: streams.errors) }

    /// The most memory that it ever had resident, in KiB, while it runs.
    package func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
        let words = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?.split(
            whereSeparator: \.isWhitespace
        )
        guard let words, words.count > 1, let peak = Int(words[1]) else {
            throw WaitedInVain("process \(id) does not say how much memory it takes")
        }
        return peak
    }

    package func send(_ signal: Int32) { program.send(signal) }

    /// Waits for the end; a child that outlives the deadline is killed, and the test fails.
    @discardableResult
    package func wait(within deadline: Duration = .seconds(600)) async throws -> ChildProgram.Ending {
        do {
            try await eventually("\(id) ends", within: deadline, each: .milliseconds(2)) { self.ended != nil }
        } catch {
            defer { send(SIGKILL) }
            let state =
                Self.text(of: "/proc/\(id)/status").split(separator: "\n").first { $0.hasPrefix("State:") } ?? ""
            throw WaitedInVain("process \(id) did not end (\(state)); it said: \(standardError)\(standardOutput)")
        }
        return ended!
    }

    private static func text(of path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
