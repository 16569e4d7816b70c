import Foundation

/// One run of a program to its end.
///
/// Not by Foundation's `Process`: on Linux it takes a child for running as long as anybody holds a certain descriptor
/// open, and the server that `pg_ctl` leaves behind inherits it.
struct ProgramRun {
    let command: [String]
    /// Where standard input, output and errors are kept for the length of the run. In files and not in pipes: the
    /// server that `pg_ctl` leaves behind would keep the reader of a pipe waiting.
    let folder: String
    var input = ""
    var environment: [String: String] = [:]

    /// Waits for the end without holding a thread of the caller's.
    ///
    /// Is not cancelled: what it runs is short, or ends when its server does.
    ///
    /// - Returns: What the program wrote to standard output.
    /// - Throws: ``PrivatePostgresError`` with what it wrote to standard error when it does not exit with 0.
    @discardableResult
    func output() async throws -> String {
        let base = "\(folder)/run-\(UUID().uuidString.prefix(8))"
        let paths = [".in", ".out", ".err"].map { base + $0 }
        defer { for path in paths { unlink(path) } }
        try Data(input.utf8).write(to: URL(filePath: paths[0]))
        let id = try spawn(paths)
        let status = await Self.status(of: id)
        guard status == 0 else {
            let name = command.first { $0.hasPrefix("/") }.map { URL(filePath: $0).lastPathComponent } ?? command[0]
            let words = try text(paths[2]) + text(paths[1])
            let ending = status & 0x7f == 0 ? "exited with \(status >> 8)" : "was killed by signal \(status & 0x7f)"
            throw PrivatePostgresError("\(name) \(ending): \(words)")
        }
        return try text(paths[1])
    }

    /// Starts the program with these files as standard input, output and errors, and no other descriptor.
    private func spawn(_ paths: [String]) throws -> pid_t {
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #else
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (descriptor, path) in paths.enumerated() {
            let mode = descriptor == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC
            posix_spawn_file_actions_addopen(&actions, Int32(descriptor), path, mode, 0o600)
        }
        #if canImport(Darwin)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_CLOEXEC_DEFAULT))
        #else
        // Closing one that is not open does nothing. Swift does not see the call that would close all of them.
        for descriptor in 3..<Int32(1024) { posix_spawn_file_actions_addclose(&actions, descriptor) }
        #endif
        let arguments = command.map { strdup($0) } + [nil]
        let variables = Self.environment.merging(environment) { $1 }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for copy in arguments + variables { free(copy) } }
        var id: pid_t = 0
        let failure = posix_spawnp(&id, command[0], &actions, &attributes, arguments, variables)
        guard failure == 0 else {
            throw PrivatePostgresError("cannot run \(command[0]): \(String(cString: strerror(failure)))")
        }
        return id
    }

    private static func status(of id: pid_t) async -> Int32 {
        await withCheckedContinuation { continuation in
            let thread = Thread {
                var status: Int32 = 0
                while waitpid(id, &status, 0) < 0, errno == EINTR {}
                continuation.resume(returning: status)
            }
            thread.name = "wait-\(id)"
            thread.start()
        }
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }

    /// The caller's own, without what PostgreSQL's programs would take from it, and with texts as UTF-8.
    static let environment: [String: String] = {
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PG") }
        environment["LC_ALL"] = "C.UTF-8"
        return environment
    }()
}
