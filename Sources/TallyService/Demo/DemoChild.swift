import Foundation
import Programs

/// `tally run` as a user would start it: a process of its own.
final class DemoChild: Sendable {
    private let program: ChildProgram
    private let log: String

    var id: Int32 { program.id }

    /// The exit code; `nil` while it runs. A signal counts as its number and 128, as in a shell.
    var exitCode: Int32? {
        switch program.ending {
        case .exited(let code): code
        case .killed(let signal): 128 + signal
        case nil: nil
        }
    }

    /// What it logged last.
    var lastWords: String {
        let text = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").suffix(5).joined(separator: "\n")
    }

    init(configuration: String, log: String) throws {
        self.log = log
        let executable = Bundle.main.executablePath ?? CommandLine.arguments[0]
        program = try ChildProgram(
            [executable, "run", "--config", configuration, "--no-progress"],
            streams: .init(output: log, errors: log)
        )
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
        program.send(SIGTERM)
        while true {
            if let exitCode { return exitCode }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
