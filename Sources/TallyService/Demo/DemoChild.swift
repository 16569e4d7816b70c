import Foundation
import Synchronization

/// `tally run` as a user would start it: a process of its own.
final class DemoChild: Sendable {
    /// Unchecked: after it was started the process is only asked for its number, which does not change.
    private final class Handle: @unchecked Sendable {
        let process = Process()
    }

    private let handle = Handle()
    private let log: String
    private let code = Mutex<Int32?>(nil)

    var id: Int32 { handle.process.processIdentifier }

    /// The exit code; `nil` while it runs. A signal counts as its number and 128, as in a shell.
    var exitCode: Int32? { code.withLock { $0 } }

    /// What it logged last.
    var lastWords: String {
        let text = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").suffix(5).joined(separator: "\n")
    }

    init(configuration: String, log: String) throws {
        self.log = log
        try Data().write(to: URL(filePath: log))
        let output = try FileHandle(forWritingTo: URL(filePath: log))
        let process = handle.process
        process.executableURL = Bundle.main.executableURL
        process.arguments = ["run", "--config", configuration, "--no-progress"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        process.terminationHandler = { [weak self] process in
            let status = process.terminationStatus
            let code = process.terminationReason == .exit ? status : 128 + status
            self?.code.withLock { $0 = code }
        }
        try process.run()
    }

    /// Asks again and again until `condition` holds; half a minute is long for anything in a demonstration.
    ///
    /// - Parameter otherwise: What to say where it never does, to follow “tally run is up, and”.
    func wait(until otherwise: String, _ condition: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while try await !condition() {
            if let exitCode { throw DemoFailure("tally run ended with \(exitCode):\n\(lastWords)") }
            if ContinuousClock.now > end { throw DemoFailure("tally run is up, and \(otherwise):\n\(lastWords)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Asks it to end gracefully and waits until it has.
    func stop() async throws -> Int32 {
        kill(id, SIGTERM)
        while true {
            if let exitCode { return exitCode }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
