import Foundation

/// A PostgreSQL server of the benchmark's own, durable as Debian's is, with room enough in its WAL that no checkpoint
/// falls into one measurement and not into another.
final class PostgresCluster {
    let port: Int
    private let folder: String
    private let account: [String]
    private static let programs = "/usr/lib/postgresql"

    /// Makes the cluster in `folder` and starts it.
    init(folder: String, port: Int) throws {
        self.folder = folder
        self.port = port
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // initdb and postgres refuse to be root.
        account = getuid() == 0 ? ["runuser", "-u", "postgres", "--"] : []
        if getuid() == 0 { _ = try Shell.run(["chown", "postgres", folder]) }
        let data = folder + "/data"
        _ = try Shell.run(
            account + [try Self.program("initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8"]
                + ["--locale=C.UTF-8", "--no-sync"]
        )
        let settings = """
            port = \(port)
            listen_addresses = '127.0.0.1'
            unix_socket_directories = '\(folder)'
            wal_level = logical
            shared_buffers = 256MB
            max_wal_size = 16GB
            checkpoint_timeout = 1h
            autovacuum = off
            """
        _ = try Shell.run(account + ["tee", "-a", data + "/postgresql.conf"], input: settings + "\n")
        try control("-w", "-l", folder + "/log", "start")
    }

    /// Stops the server at once; its folder goes with the others.
    func stop() {
        // A server that does not stop is left to the end of the machine; there is nobody to tell.
        try? control("-m", "immediate", "stop")
    }

    /// Not by Foundation's `Process`, which waits for the end of all that inherited its descriptors: here, the server.
    private func control(_ arguments: String...) throws {
        let command = account + [try Self.program("pg_ctl"), "-D", folder + "/data"] + arguments
        try ChildProcess(command[0], Array(command.dropFirst()), in: "/", log: folder + "/../control.log").wait()
    }

    static func program(_ name: String) throws -> String {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: programs)) ?? []
        let paths = versions.compactMap(Int.init).sorted(by: >).map { "\(programs)/\($0)/bin/\(name)" }
        guard let path = paths.first(where: FileManager.default.isExecutableFile) else {
            throw BenchmarkError("PostgreSQL's server is not installed in \(programs); on Debian: make setup")
        }
        return path
    }

    func url(_ database: String) -> String { "postgres://postgres@127.0.0.1:\(port)/\(database)" }

    /// Runs a script in `psql` and returns what it prints, unaligned, without headings.
    @discardableResult
    func psql(_ script: String, _ database: String) throws -> String {
        let arguments = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url(database)]
        return try Shell.run(arguments, input: script).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func integer(_ sql: String, _ database: String) throws -> Int {
        let text = try psql(sql, database)
        guard let number = Int(text) else { throw BenchmarkError("no number but “\(text)”: \(sql)") }
        return number
    }

    /// Waits until a query of `database` says `t`.
    func wait(for condition: String, _ database: String, within seconds: Double = 300) throws {
        let deadline = Nanoseconds.now + UInt64(seconds * 1e9)
        // One psql for all the looks: a process for each would take a core from what is measured.
        let script = """
            DO $$ BEGIN
                LOOP
                    EXIT WHEN (\(condition));
                    COMMIT;
                    PERFORM pg_sleep(0.01);
                    IF clock_timestamp() > '\(Date(timeIntervalSinceNow: seconds).ISO8601Format())'::timestamptz THEN
                        RAISE 'waited in vain';
                    END IF;
                END LOOP;
            END $$
            """
        try psql(script, database)
        guard Nanoseconds.now < deadline else { throw BenchmarkError("waited in vain for \(condition)") }
    }
}

/// Other programs, run to their end.
enum Shell {
    /// - Returns: What it prints.
    static func run(_ command: [String], input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Small enough for the pipe to hold, so that neither side waits for the other.
        standardInput.fileHandleForWriting.write(Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchmarkError("\(command.joined(separator: " ")): status \(process.terminationStatus)\n\(complaint)")
        }
        return text
    }
}
