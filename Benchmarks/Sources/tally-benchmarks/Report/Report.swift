/// The results as a table and as a page.
struct Report {
    let findings: [Finding]
    let peaks: [(label: String, bytes: Int, kind: MemoryRecord.Kind)]
    let machine: Machine
    let options: Options

    var table: String {
        let head = """
            | what | against | Tally | peer | result: median (min–max) | aim | |
            |---|---|---|---|---|---|---|
            """
        let lines = findings.map {
            "| \($0.title) | \($0.peer) | \($0.rates.tally) | \($0.rates.peer) | \($0.resultText) | \($0.aimText) "
                + "| \($0.verdict) |"
        }
        return ([head] + lines).joined(separator: "\n")
    }

    /// What Tally's process took at most, by what it was doing.
    var memory: String {
        let figures = peaks.map { "\($0.label) \(Figures.plain(Double($0.bytes) / 1_000_000)) MB" }
        return "Peaks of resident memory (`VmHWM`): \(figures.joined(separator: "; "))."
    }

    var markdown: String {
        """
        # Results

        Written on \(machine.date) by

        ```
        swift run -c release --package-path Benchmarks tally-benchmarks\(options.measured)
        ```

        \(machine.summary).

        \(table)

        Medians of \(options.runs) runs. A ratio is taken within one run, Tally right after its peer; rates of different
        runs or machines do not compare. Times are of whole processes, start to exit. Every file is in WAL mode with
        `synchronous = NORMAL`, Tally's and the peers', and after each run the copy is compared with the source, value by
        value. The writer's figures are of 1,000 rows a transaction; that in Python uses its `sqlite3` module
        and `executemany`, and its rows are made outside the time. Lag is from the return of COMMIT on the source to
        the row being read from the target. Groups: members are two PostgreSQL servers on one machine, what is caught up with
        was written while nothing ran, 100 rows a transaction, and both are compared after each run by a sum over
        all of their rows; their lag is from before the INSERT to the commit in the other member, from the side where it is worse.

        \(memory)

        """
    }
}
