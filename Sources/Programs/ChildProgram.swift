public import Foundation
import Synchronization

/// A program that was started: files are its standard streams, and it has no other descriptor of its parent's.
///
/// Not by Foundation's `Process`: on Linux that takes a child for running as long as anybody holds a certain descriptor open,
/// and other children inherit it. Nor do those that it starts on a thread of Dispatch's heed any signal that they do not ask for,
/// since they inherit what that thread blocks.
public final class ChildProgram: Sendable {
    public enum Ending: Sendable, Hashable, CustomStringConvertible {
        case exited(Int32)
        case killed(signal: Int32)

        public var description: String {
            switch self {
            case .exited(let code): "exited with \(code)"
            case .killed(let signal): "was killed by signal \(signal)"
            }
        }
    }

    /// The paths of its standard streams. What is written is emptied before; both outputs may be one file.
    public struct Streams: Sendable {
        public var input: String
        public var output: String
        public var errors: String

        public init(input: String = "/dev/null", output: String = "/dev/null", errors: String = "/dev/null") {
            (self.input, self.output, self.errors) = (input, output, errors)
        }
    }

    public let id: pid_t
    private let collected = Mutex<Ending?>(nil)

    /// Starts a program in a group of processes of its own, so that what a terminal sends reaches the parent alone.
    ///
    /// - Parameters:
    ///   - command: The program, by its path or to be found in `PATH`, and its arguments.
    ///   - folder: Where it works; the parent's own for `nil`.
    /// - Throws: ``NotStarted``, or what keeps open descriptors from being listed; a program that has a folder of its own and cannot be started exits with 126 or 127 instead.
    public init(
        _ command: [String],
        in folder: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        streams: Streams = Streams()
    ) throws {
        // Swift does not see the call that would have the system change the folder.
        let command = (folder.map { ["/usr/bin/env", "-C", $0] } ?? []) + command
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        let closing = POSIX_SPAWN_CLOEXEC_DEFAULT
        #else
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        let closing: Int32 = 0
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, streams.input, O_RDONLY, 0)
        for (descriptor, path) in [(Int32(1), streams.output), (2, streams.errors)] {
            // Appending, so that two streams may share a file.
            let mode = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
            posix_spawn_file_actions_addopen(&actions, descriptor, path, mode, 0o600)
        }
        #if !canImport(Darwin)
        // Closing one that is not open does nothing. Swift does not see the call that would close all of them.
        for descriptor in try Self.inherited() { posix_spawn_file_actions_addclose(&actions, descriptor) }
        #endif
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setflags(&attributes, Int16(closing | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        let arguments = command.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for copy in arguments + variables { free(copy) } }
        var id: pid_t = 0
        let failure = posix_spawnp(&id, command[0], &actions, &attributes, arguments, variables)
        guard failure == 0 else { throw NotStarted(program: command[0], reason: String(cString: strerror(failure))) }
        self.id = id
    }

    /// How it ended; `nil` while it runs.
    public var ending: Ending? {
        collected.withLock { ending in
            if ending == nil { ending = Self.collect(id) }
            return ending
        }
    }

    /// Sends a signal to it, or does nothing where it has ended: its number may be another's by then.
    public func send(_ signal: Int32) {
        collected.withLock { ending in
            if ending == nil { ending = Self.collect(id) }
            if ending == nil { kill(id, signal) }
        }
    }

    /// Waits for its end without holding a thread. Is not cancelled.
    public func end() async -> Ending {
        while true {
            if let ending { return ending }
            // What is cancelled waits all the same, only less patiently.
            do { try await Task.sleep(for: .milliseconds(2)) } catch { await Task.yield() }
        }
    }

    /// Waits for its end on the caller's thread.
    public func endBlocking() -> Ending {
        while true {
            if let ending { return ending }
            usleep(1000)
        }
    }

    private static func collect(_ id: pid_t) -> Ending? {
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: signal)
    }

    /// All descriptors that the parent has open, but for those that it opens meanwhile and that are above all others.
    private static func inherited() throws -> Range<Int32> {
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        return 3..<max(1024, (open.compactMap { Int32($0) }.max() ?? 0) + 64)
    }

    public struct NotStarted: Error, CustomStringConvertible {
        public var program: String
        public var reason: String

        public var description: String { "cannot run \(program): \(reason)" }
    }
}
