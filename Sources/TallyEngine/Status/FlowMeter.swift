import Synchronization
import TallyModel

/// Counts what a flow does, for ``FlowStatus``. Written by the flow, read by anybody.
final class FlowMeter: Sendable {
    private struct State {
        var status: FlowStatus
        var changes = RateWindow()
        var loads: [String: RateWindow] = [:]
        var lags = LagWindow()
        var nextAttempt: Timestamp?
        /// When the target was last known to hold all that the source had.
        var lastProgress: Timestamp?
    }

    private let state: Mutex<State>
    private let now: WallClock

    init(_ status: FlowStatus, now: @escaping WallClock) {
        state = Mutex(State(status: status))
        self.now = now
    }

    var status: FlowStatus {
        let now = now()
        return state.withLock { state in
            var status = state.status
            status.changesPerSecond = state.changes.perSecond(at: now)
            status.worstLagSeconds = state.lags.worst(at: now)
            if status.phase == .retrying || status.phase == .stopped || status.phase == .paused,
                let last = state.lastProgress
            {
                status.lagSeconds = now.since(last).seconds
            }
            status.secondsToNextAttempt = state.nextAttempt.map { max(0, $0.since(now).seconds) }
            for index in status.tables.indices where status.tables[index].phase == .loading {
                let table = status.tables[index]
                let rate = state.loads[table.table]?.perSecond(at: now) ?? 0
                status.tables[index].rowsPerSecond = rate
                if let total = table.rowsTotal, rate > 0 {
                    status.tables[index].secondsLeft = Double(max(0, total - table.rowsLoaded)) / rate
                }
            }
            return status
        }
    }

    func update(_ body: (inout FlowStatus) -> Void) {
        state.withLock { body(&$0.status) }
    }

    /// Shows a phase and why; a phase other than retrying forgets the next attempt.
    func enter(_ phase: FlowStatus.Phase, _ error: (any Error)? = nil, message: String? = nil, retryIn: Duration? = nil)
    {
        let now = now()
        state.withLock { state in
            state.status.phase = phase
            state.status.message = message ?? error.map { "\($0)" }
            state.status.errorCode = (error as? StoreError)?.code.description
            state.nextAttempt = retryIn.map { Timestamp(microseconds: now.microseconds + Int64($0.seconds * 1e6)) }
        }
    }

    func table(_ name: TableName, _ body: (inout TableStatus) -> Void) {
        state.withLock { state in
            guard let index = state.status.tables.firstIndex(where: { $0.table == name.description }) else { return }
            body(&state.status.tables[index])
        }
    }

    func loaded(_ rows: Int, of table: TableName) {
        let now = now()
        state.withLock { $0.loads[table.description, default: RateWindow()].add(rows, at: now) }
    }

    /// - Parameter lag: From the earliest commit of the batch in the source to visible in the target, where known.
    func committed(_ position: Position, changes: Int, mended: Int, since commit: Timestamp?) {
        let now = now()
        state.withLock { state in
            state.status.position = position.description
            state.status.changes += changes
            state.status.mended += mended
            state.status.batches += 1
            state.status.attempts = 0
            state.changes.add(changes, at: now)
            state.lastProgress = now
            if let commit {
                let lag = max(0, now.since(commit).seconds)
                state.status.lagSeconds = lag
                state.lags.add(lag, at: now)
            }
        }
    }

}

/// Counts events of the last few seconds, for a rate.
struct RateWindow {
    private static let width = 5
    private var counts: [(second: Int64, count: Int)] = []
    private var first: Int64?

    mutating func add(_ count: Int, at now: Timestamp) {
        let second = now.microseconds / 1_000_000
        first = first ?? second
        if counts.last?.second == second {
            counts[counts.count - 1].count += count
        } else {
            counts.append((second, count))
        }
        counts.removeAll { $0.second < second - Int64(Self.width) }
    }

    func perSecond(at now: Timestamp) -> Double {
        let second = now.microseconds / 1_000_000
        guard let first else { return 0 }
        let sum = counts.filter { $0.second > second - Int64(Self.width) }.reduce(0) { $0 + $1.count }
        return Double(sum) / Double(max(1, min(Int64(Self.width), second - first + 1)))
    }
}

extension Duration {
    /// The duration as seconds with a fraction, for people and for JSON.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }

    /// The duration for a log: `85 ms`, `12.3 s`.
    package var inWords: String {
        let milliseconds = Int((seconds * 1000).rounded())
        return milliseconds < 1000 ? "\(milliseconds) ms" : "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }
}
