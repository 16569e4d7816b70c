import Foundation
import PrivatePostgres
import Synchronization
import TallyHarness

/// pgbench's bank: four tables whose sums are always the same, beside a table that pays no heed to them.
struct Bank: Sendable {
    let database: PostgresDatabase

    /// Makes the tables and fills them.
    func make() async throws {
        try await database.server.pgbench(["-i", "-q", "-s", "2", "--foreign-keys"], database: database.name)
        try await database.psql(
            """
            ALTER TABLE pgbench_history ADD COLUMN id bigserial PRIMARY KEY;
            CREATE TABLE ballast (id int PRIMARY KEY, code text UNIQUE, n int, body text);
            INSERT INTO ballast SELECT n, 'c' || n, 0, repeat(md5(n::text), 3) FROM generate_series(1, 60000) AS n;
            """
        )
    }

    /// The four sums as one snapshot holds them: equal wherever whole transactions are seen.
    static let sums = """
        SELECT (SELECT coalesce(sum(abalance), 0) FROM pgbench_accounts),
            (SELECT coalesce(sum(bbalance), 0) FROM pgbench_branches),
            (SELECT coalesce(sum(tbalance), 0) FROM pgbench_tellers),
            (SELECT coalesce(sum(delta), 0) FROM pgbench_history)
        """

    /// Writes to the table beside the bank: rows come, go, change, and take others' keys and unique values.
    static let ballast = """
        \\set id random(1, 60000)
        \\set other random(1, 60000)
        BEGIN;
        UPDATE ballast SET n = n + 1 WHERE id BETWEEN :id AND :id + 20;
        DELETE FROM ballast WHERE id = :other;
        INSERT INTO ballast VALUES (:other, 'c' || :other, :id, repeat('é', :id % 3000)) ON CONFLICT DO NOTHING;
        UPDATE ballast SET id = -id WHERE id = :id AND NOT EXISTS (SELECT FROM ballast WHERE id = -:id);
        END;
        """
}

/// Customers of the bank: pgbench, again and again, through every restart of its server.
final class BankTraffic: Sendable {
    private let sign: StopSign
    private let runs: Task<(runs: Int, interruptions: Int), any Error>

    /// - Parameter script: A file with ``Bank/ballast``.
    init(_ bank: Bank, script: String, seed: UInt64) {
        let sign = StopSign()
        self.sign = sign
        // Held and awaited by `stop()`.
        runs = Task {
            var (runs, interruptions) = (0, 0)
            while !sign.isUp {
                do {
                    try await bank.database.server.pgbench(
                        [
                            "-n", "-c", "2", "-R", "150", "-T", "2",
                            "--random-seed=\((seed &+ UInt64(runs)) % 1_000_000)",
                            "-b", "tpcb-like@8", "-f", "\(script)@2",
                        ],
                        database: bank.database.name
                    )
                    runs += 1
                } catch is PrivatePostgresError {
                    // The server is down, or was on the way: its customers come back.
                    interruptions += 1
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            return (runs, interruptions)
        }
    }

    /// Ends within two seconds.
    func stop() async throws -> (runs: Int, interruptions: Int) {
        sign.raise()
        return try await runs.value
    }

    deinit {
        sign.raise()
    }
}

/// Reads the bank's sums in the target all the time, and keeps the first ones that do not agree.
final class BankInspector: Sendable {
    struct Report: Sendable {
        var looks = 0
        var disagreement: String?
    }

    private let sign: StopSign
    private let report: SharedReport
    private let looking: Task<Void, any Error>

    init(_ database: PostgresDatabase) {
        let sign = StopSign()
        let report = SharedReport()
        self.sign = sign
        self.report = report
        // Held and awaited by `stop()`.
        looking = Task {
            while !sign.isUp {
                do {
                    report.note(try await database.psql(Bank.sums))
                } catch is PrivatePostgresError {
                    // The server is down; that it is asked again is what matters, and how often is counted.
                    try await Task.sleep(for: .milliseconds(50))
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Returns when there were more than `count` looks: how many the faults left time for, is the machine's business.
    func look(moreThan count: Int) async throws {
        try await eventually("the sums were looked at \(count) times") { report.value.looks > count }
    }

    func stop() async throws -> Report {
        sign.raise()
        try await looking.value
        return report.value
    }

    deinit {
        sign.raise()
    }
}

/// What was seen so far.
private final class SharedReport: Sendable {
    private let report = Mutex(BankInspector.Report())

    var value: BankInspector.Report { report.withLock { $0 } }

    func note(_ sums: String) {
        report.withLock { report in
            report.looks += 1
            if Set(sums.split(separator: "|")).count != 1, report.disagreement == nil { report.disagreement = sums }
        }
    }
}

/// Tells a loop to end.
private final class StopSign: Sendable {
    private let value = Mutex(false)

    var isUp: Bool { value.withLock { $0 } }

    func raise() {
        value.withLock { $0 = true }
    }
}
