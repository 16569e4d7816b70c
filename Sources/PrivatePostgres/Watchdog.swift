import Foundation
import Synchronization

/// Runs a script once its owner is gone: let go, ended, or killed.
///
/// A shell of its own waits at the end of a pipe that the owner alone holds open. However the owner's process ends, the
/// kernel closes that pipe.
final class Watchdog: Sendable {
    private let process: RunningProcess
    private let leash: Mutex<FileHandle?>

    /// - Parameter script: For `sh`.
    init(_ script: String) throws {
        let pipe = Pipe()
        // No other child may hold the pipe open.
        _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        // What ends a terminal's whole group of processes must not end the one that tidies up after them.
        process.arguments = ["-c", "trap '' INT HUP TERM; cat >/dev/null; \(script)"]
        process.environment = ProgramRun.environment
        process.standardInput = pipe.fileHandleForReading
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        try pipe.fileHandleForReading.close()
        self.process = RunningProcess(process)
        leash = Mutex(pipe.fileHandleForWriting)
    }

    deinit {
        release()
    }

    /// Lets the script run. Doing it twice is doing it once.
    func release() {
        // Closing the last reference closes the descriptor.
        leash.withLock { $0 = nil }
    }

    /// Lets the script run, and waits for its end.
    func finish() async {
        release()
        await process.ended()
    }
}

/// Unchecked: after `run()` the process is only asked whether it runs.
private final class RunningProcess: @unchecked Sendable {
    private let process: Process

    init(_ process: Process) {
        self.process = process
    }

    func ended() async {
        // Without a handler set before `run()` there is nothing to be told by.
        while process.isRunning {
            do { try await Task.sleep(for: .milliseconds(5)) } catch { return }
        }
    }
}
