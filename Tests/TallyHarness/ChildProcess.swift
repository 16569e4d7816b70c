import Foundation
import Synchronization

/// A program that a test started: its output is kept in files, so that no pipe can fill up and hold it.
package final class ChildProcess: Sendable {
    package enum Ending: Sendable, Hashable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    private let process: ProcessHandle
    private let ending: EndingBox
    private let output: String
    private let errors: String

    package var id: Int32 { process.process.processIdentifier }

    /// How it ended; `nil` while it runs.
    package var ended: Ending? { ending.value }

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
        (output, errors) = (name + ".out", name + ".err")
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: folder.path)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let handles = [
            try Self.handle(reading: input, name + ".in"), try Self.handle(writing: output),
            try Self.handle(writing: errors),
        ]
        (process.standardInput, process.standardOutput, process.standardError) = (handles[0], handles[1], handles[2])
        let ending = EndingBox()
        process.terminationHandler = { process in
            let status = process.terminationStatus
            ending.value = process.terminationReason == .exit ? .exited(status) : .killed(signal: status)
        }
        self.process = ProcessHandle(process)
        self.ending = ending
        try process.run()
        // The child has its own by now, and a test starts thousands of children.
        for handle in handles { try handle.close() }
    }

    deinit {
        if ended == nil { kill(id, SIGKILL) }
    }

    package var standardOutput: String { Self.text(of: output) }
    package var standardError: String { Self.text(of: errors) }

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

    package func send(_ signal: Int32) {
        if ended == nil { kill(id, signal) }
    }

    /// Waits for the end; a child that outlives the deadline is killed, and the test fails.
    @discardableResult
    package func wait(within deadline: Duration = .seconds(600)) async throws -> Ending {
        do {
            try await eventually("\(id) ends", within: deadline, each: .milliseconds(2)) { self.ended != nil }
        } catch {
            send(SIGKILL)
            throw WaitedInVain("process \(id) did not end; it said: \(standardError)\(standardOutput)")
        }
        return ended!
    }

    private static func handle(reading text: String, _ path: String) throws -> FileHandle {
        try Data(text.utf8).write(to: URL(filePath: path))
        return try FileHandle(forReadingFrom: URL(filePath: path))
    }

    private static func handle(writing path: String) throws -> FileHandle {
        try Data().write(to: URL(filePath: path))
        return try FileHandle(forWritingTo: URL(filePath: path))
    }

    private static func text(of path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// Unchecked: after `run()` the process is only asked for its number, which does not change.
    private final class ProcessHandle: @unchecked Sendable {
        let process: Process

        init(_ process: Process) {
            self.process = process
        }
    }

    private final class EndingBox: Sendable {
        private let state = Mutex<Ending?>(nil)

        var value: Ending? {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }
}
