import Foundation
import PrivatePostgres
import Programs
import SQLite
import Synchronization
import TallyHarness
import TallyModel
import TallyTesting

/// Two servers and a file in one group, all of them written to at once, and the program between them. The clock of one
/// server is ten minutes ahead, of which the group allows one.
final class GroupStage {
    static let rows = 12

    let servers: [PostgresDatabase]
    let file: SQLiteShell
    let site: Site
    private var child: ChildProcess?

    init() async throws {
        let eu = try await PostgresDatabase("eu", on: PostgresServer.start())
        var settings = PostgresServer.Settings()
        settings.environment = try WrongClock(ahead: .seconds(600)).environment()
        let us = try await PostgresDatabase("us", on: PostgresServer.start(settings))
        servers = [eu, us]
        site = try Site(
            stores: ["eu": .postgres(eu.url), "us": .postgres(us.url), "edge": "edge.db"],
            groups: [
                """
                  - name: stock
                    members: [eu, us, edge]
                    seed: eu
                    tables:
                      items: { merge: { quantity: counter } }
                      notes: {}
                """
            ]
        )
        file = SQLiteShell("edge.db", in: site.folder)
        try await eu.psql(
            """
            CREATE TABLE items(id bigint PRIMARY KEY, name text, quantity int NOT NULL);
            INSERT INTO items SELECT i, 'first', 100 FROM generate_series(1, \(Self.rows)) i;
            CREATE TABLE notes(id int PRIMARY KEY, v text, w text)
            """
        )
        for server in servers { try await server.psql("CREATE TABLE ledger(id int, delta int)") }
        try await file.run("PRAGMA journal_mode = WAL; CREATE TABLE ledger(id int, delta int);")
        try await site.syncOnce()
    }

    // MARK: Writers

    /// What a server's users do: each difference is also written down beside, in the same transaction.
    static let script = """
        \\set i random(1, \(rows))
        \\set d random(-5, 5)
        \\set k random(1, \(rows))
        \\set n random(1, 99)
        BEGIN;
        UPDATE items SET quantity = quantity + :d, name = CASE WHEN :n < 30 THEN 'n' || :n ELSE name END WHERE id = :i;
        INSERT INTO ledger VALUES (:i, :d);
        INSERT INTO notes VALUES (:k, 'v' || :n, 'w') ON CONFLICT (id) DO UPDATE SET v = excluded.v WHERE :n < 60;
        UPDATE notes SET w = 'w' || :n WHERE id = :i;
        DELETE FROM notes WHERE id = :k AND :n > 90;
        END;
        """

    /// The same for the file.
    struct FileWorkload: Workload {
        var random: SplitMix64

        mutating func step(_ connection: Connection) throws {
            let (row, delta) = (random.below(rows) + 1, random.below(11) - 5)
            let (key, number) = (random.below(rows) + 1, random.below(99))
            try connection.transaction(.immediate) {
                try connection.execute(
                    """
                    UPDATE items SET quantity = quantity + \(delta) WHERE id = \(row);
                    INSERT INTO ledger VALUES (\(row), \(delta));
                    """
                )
                switch number {
                case 0..<30:
                    try connection.execute(
                        "INSERT INTO notes VALUES (\(key), 'v\(number)', 'f') ON CONFLICT DO UPDATE SET v = excluded.v"
                    )
                case 30..<50: try connection.execute("UPDATE notes SET w = 'f\(number)' WHERE id = \(key)")
                case 50..<55: try connection.execute("DELETE FROM notes WHERE id = \(key)")
                default: break
                }
            }
        }
    }

    // MARK: Faults

    enum Fault: CaseIterable, Sendable {
        case killed, killedAt, serverCrash, sessionEnded, memberAway
    }

    func undergo(_ fault: Fault, _ random: inout SplitMix64) async throws {
        let server = servers[random.below(servers.count)]
        switch fault {
        case .killed:
            let child = try running()
            try await Task.sleep(for: .milliseconds(random.below(700)))
            try await kill(child)
        case .killedAt:
            if let child { try await kill(child) }
            let milestones: [Milestone] = [.batchApplied, .batchCommitted, .entriesKept]
            let milestone = milestones[random.below(milestones.count)]
            try await site.die(at: milestone, random.below(8) + 1)
        case .serverCrash:
            _ = try running()
            try await server.server.restart(.immediate)
        case .sessionEnded:
            _ = try running()
            try await server.psql(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'tally%' ORDER BY random() LIMIT 1
                """
            )
        case .memberAway:
            _ = try running()
            try await server.server.stop()
            try await Task.sleep(for: .milliseconds(500 + random.below(1500)))
            try await server.server.start()
        }
    }

    private func running() throws -> ChildProcess {
        if let child {
            guard child.ended == nil else { throw WaitedInVain("it ended by itself: \(child.standardError)") }
            return child
        }
        let child = try site.start("run")
        self.child = child
        return child
    }

    private func kill(_ child: ChildProcess) async throws {
        child.send(SIGKILL)
        guard try await child.wait() == .killed(signal: SIGKILL) else {
            throw WaitedInVain("it ended by itself: \(child.standardError)")
        }
        self.child = nil
    }

    // MARK: The end

    func finish() async throws {
        if let child {
            try await site.stop(child)
            self.child = nil
        }
        try await site.syncOnce()
    }

    /// What a query prints in each member; SQLite and psql print alike.
    func everywhere(_ query: String) async throws -> [String] {
        var answers: [String] = []
        for server in servers {
            answers.append(try await server.psql(query).trimmingCharacters(in: .newlines))
        }
        return answers + [try await file.run(query + ";")]
    }

    /// How many entries of the group's ledger had their times cut off.
    func cutOffTimes() async throws -> Int {
        let ledger = SQLiteShell(".tally/groups/stock.db", in: site.folder)
        return Int(try await ledger.run("SELECT count(*) FROM entry WHERE clamped IS NOT NULL;")) ?? 0
    }

    func close() async {
        for server in servers { await server.server.remove() }
    }
}

/// A server's users, who come back when it does.
final class GroupTraffic: Sendable {
    private final class Flag: Sendable {
        let isSet = Mutex(false)
    }

    private let stopping: Flag
    private let work: Task<Int, Never>

    init(_ database: PostgresDatabase, script: String) {
        let stopping = Flag()
        self.stopping = stopping
        work = Task {
            var cutShort = 0
            while !stopping.isSet.withLock({ $0 }) {
                do {
                    let arguments = ["-n", "-f", script, "-c", "2", "-R", "60", "-T", "2"]
                    _ = try await database.server.pgbench(arguments, database: database.name)
                } catch {
                    // The server is away, or was: what was not committed was not written.
                    cutShort += 1
                    do { try await Task.sleep(for: .milliseconds(100)) } catch { break }
                }
            }
            return cutShort
        }
    }

    /// - Returns: How many runs were cut short.
    func stop() async -> Int {
        stopping.isSet.withLock { $0 = true }
        return await work.value
    }
}
