import TallyHarness
import TallyModel
import TallyTesting

/// How each run of a crash test ends, in order: at a named moment, or whenever the signal comes.
struct CrashPlan {
    enum Kill: Sendable {
        /// The `occurrence`th time that a milestone is reached.
        case at(Milestone, occurrence: Int)
        /// So long after the start.
        case after(Duration)
    }

    /// What is done to the source or the ledger before a run, so that the milestone will be reached.
    enum Preparation: Sendable {
        case nothing
        case newTable
        case newColumn
        case resync
    }

    struct Run: Sendable {
        var kill: Kill
        var preparation: Preparation
    }

    let runs: [Run]

    /// - Parameters:
    ///   - count: Of runs.
    ///   - each: How many of them end at each milestone; the rest end at random.
    init(count: Int, each: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        // The first of all: capture half installed in a source that has never been seen.
        var runs = [Run(kill: .at(.captureInstalling, occurrence: 1), preparation: .nothing)]
        let load = (0..<6).map { _ in
            Run(kill: .at(.chunkWritten, occurrence: .random(in: 1...3, using: &random)), preparation: .nothing)
        }
        var rest: [Run] = []
        for milestone in Milestone.ofFlows {
            for number in 0..<each {
                let preparation: Preparation =
                    switch milestone {
                    case .captureInstalling: number.isMultiple(of: 2) ? .newTable : .newColumn
                    case .chunkWritten: .resync
                    case .batchApplied, .batchCommitted, .capturedRowsRemoved, .entriesKept, .logOpened, .rowsCompared:
                        .nothing
                    }
                let most = milestone == .capturedRowsRemoved || milestone == .captureInstalling ? 1 : 4
                let occurrence = Int.random(in: 1...most, using: &random)
                rest.append(Run(kill: .at(milestone, occurrence: occurrence), preparation: preparation))
            }
        }
        while runs.count + load.count + rest.count < count {
            let wait = Duration.milliseconds(Int.random(in: 5...250, using: &random))
            let preparation: Preparation = Int.random(in: 0..<8, using: &random) == 0 ? .resync : .nothing
            rest.append(Run(kill: .after(wait), preparation: preparation))
        }
        runs += load
        runs += rest.shuffled(using: &random)
        self.runs = runs
    }
}

extension Milestone {
    /// Those that a flow reaches.
    static let ofFlows = Milestone.allCases.filter { ![.entriesKept, .logOpened, .rowsCompared].contains($0) }
}
