import Foundation

/// How long after a commit on the source its row can be read from the target, with 200 commits a second.
///
/// One thread commits single rows at a steady pace and notes when each COMMIT has returned; another asks the target
/// for its last row about 4,000 times a second. So a lag is too long by up to a quarter of a millisecond, never too short.
struct LagBenchmark: Benchmark {
    private static let commitsPerSecond = 200

    func run(_ bench: Bench) throws -> [Finding] {
        var medians: [Double] = []
        var p99s: [Double] = []
        var most: [Double] = []
        try bench.eachRun { run in
            let lags = try measure(bench).sorted()
            medians.append(lags[lags.count / 2])
            p99s.append(lags[lags.count * 99 / 100])
            most.append(lags[lags.count - 1])
            let figures = [medians, p99s, most].map { Figures.plain($0[$0.count - 1]) }
            bench.say("  run \(run): p50 \(figures[0]) ms, p99 \(figures[1]) ms, max \(figures[2]) ms")
        }
        let title = "lag at \(Self.commitsPerSecond) commits a second"
        return [
            Finding("\(title), p50", values: Spread(medians), unit: "ms", aim: .below(10)),
            Finding("\(title), p99", values: Spread(p99s), unit: "ms", aim: .below(30)),
            Finding("\(title), max", values: Spread(most), unit: "ms", aim: nil),
        ]
    }

    /// The lag of each commit, in milliseconds.
    private func measure(_ bench: Bench) throws -> [Double] {
        let warmUp = Self.commitsPerSecond
        let count = Self.commitsPerSecond * bench.options.seconds
        var lags: [Double] = []
        try bench.withWorkspace(rows: 1) { workspace in
            let process = try workspace.startTally()
            try workspace.waitForRow(1, process)
            let reader = ArrivalReader(path: workspace.copy, last: warmUp + count + 1)
            reader.start()
            let committed = try write(warmUp + count, to: workspace.source, bench.texts)
            let arrived = try reader.arrivals()
            try process.stop()
            bench.memory.record(process.peakMemory, "lag")
            // The first second, in which a load may still be finishing, is not counted.
            lags = committed.suffix(count).map { commit in
                let arrival = arrived[commit.key] ?? .max
                return arrival > commit.time ? Double(arrival - commit.time) / 1_000_000 : 0
            }
            try workspace.checkCopy(of: SampleTable(texts: bench.texts))
        }
        return lags
    }

    /// Commits `count` rows with the ids from 2 on, one by one at a steady pace.
    private func write(_ count: Int, to path: String, _ texts: TextPool) throws -> [(key: Int, time: UInt64)] {
        let database = try Database(path: path)
        let insertion = try Insertion(database, texts)
        let interval = 1_000_000_000 / UInt64(Self.commitsPerSecond)
        let start = Nanoseconds.now
        return try (0..<count).map { number in
            Nanoseconds.sleep(until: start + UInt64(number) * interval)
            // A statement of its own is a transaction of its own.
            try insertion.run(id: number + 2)
            return (number + 2, Nanoseconds.now)
        }
    }
}
