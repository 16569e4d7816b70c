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
    package var ended: Ending? {
        if let ending = ending.value { return ending }
        collectIfMissed()
        return ending.value
    }

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
            defer { send(SIGKILL) }
            let state =
                Self.text(of: "/proc/\(id)/status").split(separator: "\n").first { $0.hasPrefix("State:") } ?? ""
            throw WaitedInVain("process \(id) did not end (\(state)); it said: \(standardError)\(standardOutput)")
        }
        return ended!
    }

    /// Foundation hears of a child's end by a socket that the child had open. Another child that is started in the same moment may
    /// have got it too, and as long as that one runs nobody would hear of this one, which is dead and not collected.
    private func collectIfMissed() {
        guard ending.isMissed(isDead: Self.isDead(id), after: .seconds(2)) else { return }
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return }
        let signal = status & 0x7f
        ending.value = signal == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: signal)
    }

    /// Whether the process has ended and waits to be collected (proc(5), `/proc/pid/stat`).
    private static func isDead(_ id: Int32) -> Bool {
        let stat = text(of: "/proc/\(id)/stat")
        return stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].dropFirst(2).first == "Z"
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
        private struct State {
            var ending: Ending?
            /// Since when it was seen dead.
            var deadSince: ContinuousClock.Instant?
        }

        private let state = Mutex(State())

        /// The first that is set stays.
        var value: Ending? {
            get { state.withLock { $0.ending } }
            set { state.withLock { $0.ending = $0.ending ?? newValue } }
        }

        /// Whether the process has been dead for a while, and nobody has said how it ended.
        func isMissed(isDead: Bool, after patience: Duration) -> Bool {
            state.withLock { state in
                guard isDead, state.ending == nil else { return false }
                let since = state.deadSince ?? .now
                state.deadSince = since
                return ContinuousClock.now - since > patience
            }
        }
    }
}
