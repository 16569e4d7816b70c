/// The benchmarks by the names that `--only` takes.
enum Subject: String, CaseIterable {
    case load
    case catchup
    case writer
    case lag
    case memory
    case idle
    case postgresLoad = "postgres-load"
    case postgresCatchup = "postgres-catchup"
    case postgresLag = "postgres-lag"

    var benchmark: any Benchmark {
        switch self {
        case .load: LoadBenchmark()
        case .catchup: CatchUpBenchmark()
        case .writer: WriterBenchmark()
        case .lag: LagBenchmark()
        case .memory: TransactionBenchmark()
        case .idle: IdleBenchmark()
        case .postgresLoad: PostgresLoadBenchmark()
        case .postgresCatchup: PostgresCatchUpBenchmark()
        case .postgresLag: PostgresLagBenchmark()
        }
    }
}

/// One subject of measurement.
protocol Benchmark {
    /// Measures `runs` times, and says what came out. Throws when Tally did not do its work, however fast.
    func run(_ bench: Bench) throws -> [Finding]
}
