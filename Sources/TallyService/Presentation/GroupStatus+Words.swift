import TallyGroup

extension GroupStatus.Member {
    /// The largest lag that is known, in seconds.
    var worst: Double { max(lagSeconds ?? 0, worstLagSeconds ?? 0) }

    func misses(_ objective: Double) -> Bool { worst > objective }

    /// Of the latest lag alone, where there is an objective to judge it by.
    func lagTone(_ objective: Double?) -> Tone {
        guard let objective, let lagSeconds else { return .plain }
        return lagSeconds > objective ? .bad : .good
    }

    /// - Parameter skew: How far a clock may be ahead, in seconds.
    func clockTone(_ skew: Double?) -> Tone {
        guard let clockSeconds else { return .plain }
        if abs(clockSeconds) > skew ?? .infinity { return .bad }
        return abs(clockSeconds) > 1 ? .warning : .plain
    }

    /// What a clock does that is further from the node's than is allowed; `nil` for all others.
    func clockWords(skew: Double?) -> String? {
        guard let clockSeconds, let skew, abs(clockSeconds) > skew else { return nil }
        let distance = Humane.span(seconds: abs(clockSeconds))
        let effect =
            clockSeconds > 0
            ? "ahead, and the group allows \(Humane.span(seconds: skew)) (`skew`): its times are cut off there, and until "
                + "then its writes win over later ones of other members"
            : "behind: where the time decides, its writes lose against earlier ones of other members"
        return
            "its clock is \(distance) \(effect); have the machines keep their clocks by NTP (chrony, systemd-timesyncd)"
    }
}

extension GroupStatus.Phase {
    var tone: Tone {
        switch self {
        case .live, .finished: .good
        case .starting, .joining, .notRunning: .plain
        case .retrying: .warning
        case .stopped: .bad
        }
    }
}
