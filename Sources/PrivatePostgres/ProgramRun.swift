import Foundation
import Programs

/// One run of a program to its end.
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
        let child: ChildProgram
        do {
            child = try ChildProgram(
                command,
                environment: Self.environment.merging(environment) { $1 },
                streams: .init(input: paths[0], output: paths[1], errors: paths[2])
            )
        } catch let error as ChildProgram.NotStarted {
            throw PrivatePostgresError("\(error)")
        }
        let ending = await child.end()
        guard ending == .exited(0) else {
            let name = command.first { $0.hasPrefix("/") }.map { URL(filePath: $0).lastPathComponent } ?? command[0]
            throw PrivatePostgresError("\(name) \(ending): \(try text(paths[2]) + text(paths[1]))")
        }
        return try text(paths[1])
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
