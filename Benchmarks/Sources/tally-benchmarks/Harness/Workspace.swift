import Foundation

/// The files of one measurement: a source, its copy by Tally, the plain file of the peer.
struct Workspace {
    let folder: String
    let bench: Bench

    var source: String { folder + "/source.db" }
    var copy: String { folder + "/copy.db" }
    var plain: String { folder + "/plain.db" }
    var log: String { folder + "/log.txt" }

    func writeConfiguration() throws {
        let text = """
            stores:
              source: { kind: sqlite, path: source.db }
              copy: { kind: sqlite, path: copy.db }
            flows:
              - name: copying
                from: source
                to: copy

            """
        try text.write(toFile: folder + "/tally.yaml", atomically: true, encoding: .utf8)
    }

    /// Makes the plain file as the source was at first.
    func seedPlain(rows: Int) throws {
        try FileManager.default.copyItem(atPath: bench.seed(rows: rows), toPath: plain)
    }

    /// Starts `tally run`.
    func startTally(_ arguments: String...) throws -> ChildProcess {
        try ChildProcess(bench.options.tallyPath, ["run"] + arguments, in: folder, log: log)
    }

    /// Runs `tally run --once` to its end; its peak of memory is recorded under `label`.
    func runTally(_ label: String) throws {
        let process = try startTally("--once")
        try process.wait()
        bench.memory.record(process.peakMemory, label)
    }

    /// Runs a script in the `sqlite3` shell, on the plain file.
    func runShell(_ script: String) throws {
        try ChildProcess("sqlite3", ["-batch", plain, script], in: folder, log: log).wait()
    }

    /// Throws unless every row of the source's table is in the copy's, value by value, and nothing else.
    func checkCopy(of table: SampleTable) throws {
        let database = try Database(path: source)
        try database.execute("ATTACH '\(copy)' AS copy")
        let expected = try database.integer("SELECT count(*) FROM main.items")
        let present = try database.integer("SELECT count(*) FROM copy.items")
        let equal = try database.integer(
            """
            SELECT count(*) FROM main.items AS a JOIN copy.items AS b ON a.id = b.id
            WHERE \(table.columns.map { "a.\($0) IS b.\($0)" }.joined(separator: " AND "))
            """
        )
        guard expected == present, expected == equal else {
            throw BenchmarkError("the source has \(expected) rows, the copy \(present), \(equal) are equal")
        }
    }
}
