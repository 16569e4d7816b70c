import TallyEngine

extension FlowStatus {
    var missesObjective: Bool {
        guard let objectiveSeconds else { return false }
        return max(lagSeconds ?? 0, worstLagSeconds ?? 0) > objectiveSeconds
    }

    /// Of the latest lag alone, where there is an objective to judge it by.
    var lagTone: Tone {
        guard let objectiveSeconds, let lagSeconds else { return .plain }
        return lagSeconds > objectiveSeconds ? .bad : .good
    }
}

extension FlowStatus.Phase {
    var words: String {
        switch self {
        case .notRunning: "not running"
        case .starting, .loading, .live, .retrying, .paused, .stopped, .finished: rawValue
        }
    }

    var tone: Tone {
        switch self {
        case .live, .finished: .good
        case .starting, .loading, .notRunning: .plain
        case .retrying, .paused: .warning
        case .stopped: .bad
        }
    }
}

extension TableStatus {
    /// `120,000 / 1,000,000 (12 %)`; without a load, nothing.
    var loaded: String {
        guard rowsLoaded > 0 || rowsTotal != nil else { return "" }
        let rows = Humane.count(rowsLoaded)
        guard phase == .loading, let rowsTotal else { return rows }
        return "\(rows) / \(Humane.count(rowsTotal)) (\(Humane.percent(rowsLoaded, of: rowsTotal)))"
    }
}

extension TableStatus.Phase {
    var words: String { self == .catchingUp ? "catching up" : rawValue }

    var tone: Tone {
        switch self {
        case .live: .good
        case .waiting, .loading, .catchingUp, .dropped: .plain
        case .paused: .warning
        }
    }
}
