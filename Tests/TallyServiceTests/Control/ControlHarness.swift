import Foundation
import Logging
import Programs
import TallyService

/// A fresh folder for one test, removed with everything in it when the test ends.
func withStateFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tally-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer {
        // A leftover in the system's temporary folder is no reason to fail.
        try? FileManager.default.removeItem(at: folder)
    }
    return try await body(folder.path)
}

/// Runs `body` while a server serves `node` in the folder; stops the server then.
func serving<Value: Sendable>(
    _ node: FakeNode,
    in state: String,
    _ body: (ControlClient) async throws -> Value
) async throws -> Value {
    let (ready, signal) = AsyncStream.makeStream(of: Void.self)
    let server = try ControlServer(node: node, state: state, logger: Logger(label: "test")) { signal.finish() }
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            // Also when it cannot listen, so that the test does not wait for ever.
            defer { signal.finish() }
            try await server.run()
        }
        for await _ in ready {}
        let value = try await body(ControlClient(ControlSocket(state: state)))
        group.cancelAll()
        while let result = await group.nextResult() {
            if case .failure(let error) = result, !(error is CancellationError) { throw error }
        }
        return value
    }
}

/// What `curl` gets from the socket: body and status code.
func curl(_ state: String, _ arguments: String...) async throws -> String {
    try await output(
        of: ["curl", "-s", "-w", "\n%{http_code}", "--unix-socket", "\(state)/control.sock"] + arguments
    )
}

/// What another program writes. Waits on a thread of its own: the pool's may be needed by the server that it asks.
func output(of command: [String]) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try ChildProgram.run(command).text })
        }
    }
}

func output(of command: String...) async throws -> String {
    try await output(of: command)
}
