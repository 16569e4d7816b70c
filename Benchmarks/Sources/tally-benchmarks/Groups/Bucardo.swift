import Foundation

/// Bucardo 5 as Debian packages it: triggers in both databases, a daemon in Perl, and a database of its own, which is
/// made on the first server. All of its files are in the folder of the measurement.
struct Bucardo {
    private let members: MemberDatabases
    private let folder: String

    /// Says what is missing to run it; `nil` where nothing is.
    static func reasonNotToRun(on server: PostgresCluster) throws -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        guard folders.contains(where: { FileManager.default.isExecutableFile(atPath: "\($0)/bucardo") }) else {
            return "Bucardo is not installed; on Debian: apt-get install bucardo"
        }
        let hasPerl = "SELECT count(*) FROM pg_available_extensions WHERE name = 'plperlu'"
        guard try server.integer(hasPerl, "postgres") > 0 else {
            return "the server has no PL/Perl, which Bucardo needs; on Debian: apt-get install postgresql-plperl-15, "
                + "or that of your server's version"
        }
        return nil
    }

    /// Installs it and adds a sync of both databases, which must hold the same. What is written from here on is captured.
    init(_ members: MemberDatabases, tables: [String]) throws {
        self.members = members
        folder = members.folder + "/bucardo"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // Made here, so that no password is put into the home of whoever runs this.
        try members.eu.psql("CREATE ROLE bucardo SUPERUSER LOGIN", "postgres")
        try run(["install", "--batch"], user: "postgres", database: "postgres")
        try run([
            "set", "reason_file=\(folder)/reason", "warning_file=\(folder)/warnings",
            "log_conflict_file=\(folder)/conflicts",
        ])
        for (label, server) in [("eu", members.eu), ("us", members.us)] {
            let place = ["dbname=\(members.name)", "host=127.0.0.1", "port=\(server.port)", "user=postgres"]
            try run(["add", "db", label] + place)
        }
        for table in tables { try run(["add", "table", table, "db=eu", "relgroup=shop"]) }
        try run(["add", "sync", "shop", "relgroup=shop", "dbs=eu:source,us:source", "onetimecopy=0"])
    }

    /// Starts the daemon, waits until `condition` holds in `us`, and stops the daemon.
    ///
    /// - Returns: The time from the start of the daemon to the condition's holding, in seconds.
    func catchUp(until condition: String) throws -> Double {
        defer { stop() }
        return try members.bench.time {
            try run(["start"])
            try members.us.wait(for: condition, members.name, within: 900)
        }
    }

    /// Takes its database and role away; its triggers go with the members' databases.
    func remove() throws {
        try members.eu.psql("DROP DATABASE bucardo WITH (FORCE)", "postgres")
        try members.eu.psql("DROP ROLE bucardo", "postgres")
    }

    private func run(_ command: [String], user: String = "bucardo", database: String = "bucardo") throws {
        let options = [
            "--no-bucardorc", "--dbhost=127.0.0.1", "--dbport=\(members.eu.port)", "--dbname=\(database)",
            "--dbuser=\(user)", "--log-destination=\(folder)", "--piddir=\(folder)",
        ]
        let arguments = ["HOME=\(folder)", "bucardo"] + options + command
        try ChildProcess("env", arguments, in: folder, log: folder + "/output.txt").wait()
    }

    /// Asks the daemon to end, and ends those of its processes that have not within 20 seconds.
    private func stop() {
        let processes = processes
        // A daemon that cannot be asked is ended below.
        try? run(["stop"])
        let deadline = Nanoseconds.now + 20_000_000_000
        while processes.contains(where: isRunning), Nanoseconds.now < deadline { usleep(50_000) }
        for process in processes where isRunning(process) { kill(process, SIGKILL) }
    }

    /// The daemon and its children, by the files in which they say who they are.
    private var processes: [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".pid") }.compactMap { name in
            // A process that has just ended has taken its file along.
            let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            return text?.split(whereSeparator: \.isNewline).first.flatMap { pid_t($0) }
        }
    }

    private func isRunning(_ process: pid_t) -> Bool {
        // No file is no process.
        let name = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
        return name?.hasPrefix("Bucardo") ?? false
    }
}
