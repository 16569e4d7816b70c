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
    case groupCatchup = "group-catchup"
    case groupConflicts = "group-conflicts"
    case groupLag = "group-lag"
    case groupMemory = "group-memory"
    case groupBucardo = "group-bucardo"

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
        case .groupCatchup: GroupCatchUpBenchmark()
        case .groupConflicts: GroupConflictBenchmark()
        case .groupLag: GroupLagBenchmark()
        case .groupMemory: GroupMemoryBenchmark()
        case .groupBucardo: GroupBucardoBenchmark()
        }
    }
}

/// One subject of measurement.
protocol Benchmark {
    /// Measures `runs` times, and says what came out. Throws when Tally did not do its work, however fast.
    func run(_ bench: Bench) throws -> [Finding]
}
