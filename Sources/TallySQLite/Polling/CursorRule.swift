import TallyModel

/// What the values of a cursor column mean: which is later, how far a poll reads back, what may become a mark.
struct CursorRule: Sendable, Hashable {
    enum Kind: String, Sendable, Hashable {
        case timestamp, version
    }

    let kind: Kind
    /// How long after its stamp a row may be committed and still be seen.
    let overlap: Duration
    let versionOverlap: Int64

    init(_ settings: CaptureSettings) {
        kind = settings.mode == .version ? .version : .timestamp
        overlap = max(settings.overlap, .zero)
        versionOverlap = max(settings.versionOverlap, 0)
    }

    /// Where a value stands among others: a moment in microseconds, or a version; `nil` where it means neither.
    func place(of value: Value) -> Int64? {
        switch kind {
        case .timestamp: return Stamp(value)?.moment
        case .version:
            switch value {
            case .integer(let version): return version
            case .real(let version) where version.isFinite: return Int64(min(max(version, -9e18), 9e18).rounded(.down))
            default: return nil
            }
        }
    }

    /// Whether a mark may stand at `place`.
    ///
    /// A row stamped in the future would hide all that is stamped rightly after it; such rows are read with every poll
    /// until their time has come.
    func permitsMark(at place: Int64, now: Timestamp) -> Bool {
        kind == .version || place <= latestMark(now)
    }

    func latestMark(_ now: Timestamp) -> Int64 { now.microseconds + 60_000_000 }

    /// The lowest value that a poll reads, given its mark.
    func bound(from mark: Value) -> Value {
        switch (kind, mark) {
        case (.version, .integer(let version)):
            let (bound, isBelow) = version.subtractingReportingOverflow(versionOverlap)
            return .integer(isBelow ? .min : bound)
        case (.version, .real(let version)): return .real(version - Double(versionOverlap))
        case (.version, _): return mark
        case (.timestamp, _):
            guard let stamp = Stamp(mark) else { return mark }
            return stamp.bound(at: stamp.moment - overlap.wholeMicroseconds)
        }
    }

    /// The lowest place that a row read under ``bound(from:)`` can have, as far as what was sent has to be remembered.
    func reach(from mark: Value) -> Int64 {
        switch kind {
        case .version:
            guard let place = place(of: mark) else { return .min }
            let (reach, isBelow) = place.subtractingReportingOverflow(versionOverlap)
            return isBelow ? .min : reach
        case .timestamp:
            guard let stamp = Stamp(mark) else { return .min }
            return stamp.reach(at: stamp.moment - overlap.wholeMicroseconds)
        }
    }

    /// Whether what sorts after the mark is what came after it.
    func isOrdered(at mark: Value) -> Bool {
        if kind == .timestamp, case .text(_, _, isShifted: true)? = Stamp(mark)?.form { return false }
        return true
    }
}

extension Duration {
    fileprivate var wholeMicroseconds: Int64 {
        // Longer than anybody's overlap, and far from overflow.
        let seconds = min(components.seconds, 1_000_000_000)
        return seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
