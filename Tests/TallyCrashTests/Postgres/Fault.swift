import TallyHarness
import TallyModel
import TallyTesting

/// Something that goes wrong while a flow runs between two PostgreSQL servers.
enum Fault: Sendable {
    enum Side: String, Sendable, CaseIterable {
        case source, target
    }

    /// The program kills itself the `occurrence`th time that a milestone is reached after its start.
    case killedAt(Milestone, occurrence: Int)
    /// The program is killed whatever it is doing.
    case killed
    /// A server dies as in a crash, and comes back.
    case serverCrash(Side)
    /// A server ends one of the program's sessions.
    case sessionEnded(Side)
    /// All connections to a server are cut.
    case connectionsCut(Side)
    /// A connection is cut in the middle of what is being sent: of a COPY more often than not.
    case cutWhileSending(Side, bytes: Int)
    /// The target commits, and the connection is cut before its answer arrives.
    case cutBeforeCommitIsAnswered

    /// Its kind, for counting.
    var kind: String {
        switch self {
        case .killedAt(let milestone, _): "killed at \(milestone.rawValue)"
        case .killed: "killed at random"
        case .serverCrash(let side): "\(side.rawValue) crashed"
        case .sessionEnded(let side): "session of the \(side.rawValue) ended"
        case .connectionsCut(let side): "connections to the \(side.rawValue) cut"
        case .cutWhileSending(let side, _): "cut while sending to the \(side.rawValue)"
        case .cutBeforeCommitIsAnswered: "cut before a commit was answered"
        }
    }

    /// Faults in the order in which they come: some of each kind, and the rest at random.
    static func plan(count: Int, seed: UInt64) -> [Fault] {
        var random = SplitMix64(seed: seed)
        // While the first load goes on.
        let load: [Fault] =
            [.killedAt(.captureInstalling, occurrence: 1)]
            + (1...4).map { .killedAt(.chunkWritten, occurrence: $0) }
            + [.cutWhileSending(.target, bytes: 700_000), .serverCrash(.target), .serverCrash(.source)]
        var rest: [Fault] = []
        for milestone in [Milestone.batchApplied, .batchCommitted] {
            rest += (0..<12).map { _ in .killedAt(milestone, occurrence: Int.random(in: 1...6, using: &random)) }
        }
        rest += (0..<4).map { _ in .killedAt(.chunkWritten, occurrence: Int.random(in: 1...3, using: &random)) }
        rest += (0..<12).map { _ in .killed }
        rest += (0..<12).map { _ in .cutBeforeCommitIsAnswered }
        for side in Side.allCases {
            rest += (0..<5).map { _ in .serverCrash(side) }
            rest += (0..<5).map { _ in .sessionEnded(side) }
            rest += (0..<4).map { _ in .connectionsCut(side) }
        }
        while load.count + rest.count < count {
            rest.append(.cutWhileSending(.target, bytes: Int.random(in: 1...200_000, using: &random)))
        }
        return load + rest.shuffled(using: &random)
    }
}
