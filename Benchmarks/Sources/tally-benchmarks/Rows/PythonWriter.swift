import Foundation

/// A program in Python that writes sample rows through its `sqlite3` module, as most programs write SQLite files from a
/// language like it: with its own cost for each row, beside which the triggers' weighs less than beside C's.
struct PythonWriter {
    enum Statement: String {
        case insert = "INSERT INTO items(id, name, a, b, c, d) VALUES(?, ?, ?, ?, ?, ?)"
        case update = "UPDATE items SET a = ?, b = ?, c = ? WHERE id = ?"
    }

    /// Only the writing is timed; the rows of a transaction are made before it.
    private static let script = """
        import sqlite3, sys, time
        path, sql, count, size, result = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
        letters = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ 0123456789"
        def texts(least, most):
            return ["".join(letters[(i * 31 + k * 17) % len(letters)] for k in range(least + i % (most - least + 1)))
                    for i in range(1024)]
        names, cs, ds = texts(12, 28), texts(50, 70), texts(80, 110)
        def inserted(i):
            return i, names[i & 1023], i * 2654435761, i / 7, cs[i * 7 & 1023], ds[i * 13 & 1023]
        def updated(i):
            return i * 40503, i / 3, cs[i * 11 & 1023], i
        row = inserted if sql.startswith("INSERT") else updated
        database = sqlite3.connect(path, isolation_level=None, timeout=10)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        seconds = 0
        for start in range(1, count + 1, size):
            rows = [row(i) for i in range(start, min(start + size, count + 1))]
            began = time.perf_counter()
            database.execute("BEGIN IMMEDIATE")
            database.executemany(sql, rows)
            database.execute("COMMIT")
            seconds += time.perf_counter() - began
        with open(result, "w") as file:
            file.write(str(seconds))
        """

    /// Whether there is a Python to run it.
    static var isThere: Bool {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/python3") }
    }

    /// Runs the statement for the ids 1 to `count` on the workspace's source.
    ///
    /// - Returns: How long its transactions took together, in seconds.
    static func run(_ statement: Statement, _ count: Int, in workspace: Workspace) throws -> Double {
        let result = workspace.folder + "/seconds.txt"
        let arguments = [
            "-c", script, workspace.source, statement.rawValue, String(count), String(SampleTable.transactionSize),
            result,
        ]
        // As for the writers that are timed from here: the disk has nothing left to write.
        sync()
        try ChildProcess("python3", arguments, in: workspace.folder, log: workspace.log).wait()
        guard let seconds = Double(try String(contentsOfFile: result, encoding: .utf8)) else {
            throw BenchmarkError("the writer in Python did not say how long it took")
        }
        return seconds
    }
}
