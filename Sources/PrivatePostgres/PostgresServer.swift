import Foundation

/// A PostgreSQL server of one's own: a new cluster in a folder, on a free port of the loopback interface and on a
/// socket in that folder, with logical replication on.
///
/// It runs as an ordinary user, also where the caller is root. It is stopped and its folder removed with ``remove()``,
/// with the last reference to it, or when the process that made it ends in whatever way.
package final class PostgresServer: Sendable {
    package struct Settings: Sendable {
        /// Superuser `postgres` and everybody else must give this password; without one, everybody is trusted.
        package var password: String?
        /// Whether the disk is waited for, as a server that people trust must. A cluster that waits for none outlives
        /// the end of every process all the same, but not the end of the machine.
        package var isDurable = false
        /// More lines of `postgresql.conf`, and others in the place of those written here.
        package var more: [String: String] = [:]
        /// More of the environment that the server runs in.
        package var environment: [String: String] = [:]

        package init() {}
    }

    package enum StopMode: String, Sendable {
        /// Waits until all clients have gone.
        case smart
        /// Ends the clients' connections.
        case fast
        /// Ends everything at once, as a crash does: the next start recovers.
        case immediate
    }

    /// The cluster's own folder: data, socket and log are in it.
    package let folder: String
    package let port: Int
    package let settings: Settings
    private let programs: PostgresPrograms
    private let watchdog: Watchdog

    /// Makes a cluster and starts its server.
    ///
    /// - Parameter folder: Does not exist yet; in the temporary folder where it is left out. The server's account must
    ///   be able to reach it.
    /// - Throws: ``PrivatePostgresError``, also where PostgreSQL's server programs are not installed.
    package static func start(in folder: String? = nil, _ settings: Settings = Settings()) async throws
        -> PostgresServer
    {
        let server = try PostgresServer(
            folder ?? newFolder(),
            settings
        )
        try await server.makeCluster()
        try await server.start()
        return server
    }

    /// Makes a standby of this server, which follows it until it is promoted, and starts it.
    package func startStandby() async throws -> PostgresServer {
        let standby = try PostgresServer(Self.newFolder(), settings)
        let arguments = ["-h", folder, "-p", "\(port)", "-U", "postgres", "-D", standby.data, "-R", "-c", "fast"]
        try await run(programs.serverCommand("pg_basebackup", arguments))
        // It was copied with the settings of this one; the last of several lines counts.
        try standby.configure()
        try await standby.start()
        return standby
    }

    /// Makes a primary of a standby.
    package func promote() async throws {
        try await control("promote", [])
    }

    private static func newFolder() -> String {
        NSTemporaryDirectory() + "tally-postgres-" + UUID().uuidString.prefix(8).lowercased()
    }

    private init(_ folder: String, _ settings: Settings) throws {
        programs = try .newest()
        self.folder = folder
        self.settings = settings
        port = try FreePort.find()
        let files = FileManager.default
        try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // Before anything runs: from here on something tidies up.
        let stop = programs.serverCommand("pg_ctl", ["-D", "\(folder)/data", "-m", "immediate", "-w", "stop"])
        watchdog = try Watchdog("\(Self.words(stop)); rm -rf \(Self.words([folder]))")
        try programs.handOver(folder)
    }

    private static func words(_ command: [String]) -> String {
        command.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
    }

    /// Stops the server at once and removes its folder.
    package func remove() async {
        await watchdog.finish()
    }

    // MARK: The cluster

    private var data: String { "\(folder)/data" }

    private func makeCluster() async throws {
        var arguments = ["-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        if let password = settings.password {
            let file = "\(folder)/password"
            try Data(password.utf8).write(to: URL(filePath: file))
            try programs.handOver(file)
            arguments += ["-A", "scram-sha-256", "--pwfile", file]
        } else {
            arguments += ["-A", "trust"]
        }
        try await run(programs.serverCommand("initdb", arguments))
        try configure()
    }

    private func configure() throws {
        let lines = configuration.sorted { $0.key < $1.key }.map { "\($0.key) = '\($0.value)'\n" }
        let file = try FileHandle(forWritingTo: URL(filePath: "\(data)/postgresql.conf"))
        try file.seekToEnd()
        try file.write(contentsOf: Data(lines.joined().utf8))
        try file.close()
    }

    private var configuration: [String: String] {
        var lines = [
            "port": "\(port)", "listen_addresses": "127.0.0.1", "unix_socket_directories": folder,
            "max_connections": "300", "wal_level": "logical", "max_wal_senders": "60", "max_replication_slots": "60",
            "max_logical_replication_workers": "8", "max_worker_processes": "16", "timezone": "UTC",
        ]
        if !settings.isDurable { lines["fsync"] = "off" }
        return lines.merging(settings.more) { $1 }
    }

    // MARK: Start and stop

    /// Starts the server, on the port that it had.
    package func start() async throws {
        do {
            try await control("start", ["-l", "\(folder)/log"])
        } catch let error as PrivatePostgresError {
            throw PrivatePostgresError("\(error)\n\(log.suffix(2000))")
        }
    }

    package func stop(_ mode: StopMode = .fast) async throws {
        try await control("stop", ["-m", mode.rawValue])
    }

    package func restart(_ mode: StopMode = .fast) async throws {
        try await stop(mode)
        try await start()
    }

    private func control(_ verb: String, _ arguments: [String]) async throws {
        let arguments = ["-D", data, "-w", "-t", "120"] + arguments + [verb]
        try await run(programs.serverCommand("pg_ctl", arguments, environment: settings.environment))
    }

    /// What the server wrote to its log.
    package var log: String {
        String(decoding: FileManager.default.contents(atPath: "\(folder)/log") ?? Data(), as: UTF8.self)
    }

    // MARK: Clients

    /// The address of a database, over TCP.
    package func url(database: String = "postgres", user: String = "postgres", password: String? = nil) -> String {
        let secret = (password ?? settings.password).map { ":\($0)" } ?? ""
        return "postgres://\(user)\(secret)@127.0.0.1:\(port)/\(database)"
    }

    /// Runs a script with `psql`: every statement on its own unless the script says otherwise, up to the first error.
    ///
    /// - Returns: The rows alone, a line each, columns parted by `|`; without the last line end.
    /// - Throws: ``PrivatePostgresError`` with what `psql` said.
    @discardableResult
    package func psql(_ script: String, database: String = "postgres", user: String = "postgres") async throws
        -> String
    {
        var output = try await client(
            "psql",
            ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", database, "-f", "-"],
            input: script + "\n"
        )
        if output.hasSuffix("\n") { output.removeLast() }
        return output
    }

    package func createDatabase(_ name: String) async throws {
        try await psql("CREATE DATABASE \"\(name.replacing("\"", with: "\"\""))\"")
    }

    /// Runs `pgbench` to its end.
    ///
    /// - Returns: Its report.
    @discardableResult
    package func pgbench(_ arguments: [String], database: String = "postgres") async throws -> String {
        try await client("pgbench", arguments + ["-U", "postgres", database])
    }

    /// Runs a client program of PostgreSQL's, told by its environment where the server is.
    package func client(_ program: String, _ arguments: [String], input: String = "") async throws -> String {
        var environment = ["PGHOST": folder, "PGPORT": "\(port)"]
        environment["PGPASSWORD"] = settings.password
        return try await run([programs.path(program)] + arguments, input: input, environment: environment)
    }

    @discardableResult
    private func run(_ command: [String], input: String = "", environment: [String: String] = [:]) async throws
        -> String
    {
        try await ProgramRun(command: command, folder: folder, input: input, environment: environment).output()
    }
}
