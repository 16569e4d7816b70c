import TallyModel

/// What the values of a cursor column mean: how far a poll reads back, what may become a mark. Values travel as the
/// server's text, and the server compares them.
struct CursorRule: Sendable, Hashable {
    enum Kind: String, Sendable, Hashable, Codable {
        case timestamp, version
    }

    let kind: Kind
    /// How long after its stamp a row may be committed and still be seen, beyond what the server says of running
    /// transactions.
    private let overlap: Duration
    private let versionOverlap: Int64

    init(_ settings: CaptureSettings) {
        kind = settings.mode == .version ? .version : .timestamp
        overlap = max(settings.overlap, .zero)
        versionOverlap = max(settings.versionOverlap, 0)
    }

    func understands(_ shape: ValueShape) -> Bool {
        switch (kind, shape) {
        case (.timestamp, .timestamptz), (.timestamp, .timestamp), (.timestamp, .date): true
        case (.version, .int2), (.version, .int4), (.version, .int8), (.version, .numeric): true
        default: false
        }
    }

    /// Whether a mark may stand at a column's value, as SQL.
    ///
    /// A row stamped in the future would hide all that is stamped rightly after it. What has no zone may be of any.
    func permitsMark(_ name: String, _ shape: ValueShape) -> String {
        switch (kind, shape) {
        case (.version, .numeric): "\(name) < 'NaN'::numeric"
        case (.version, _): "\(name) IS NOT NULL"
        case (_, .timestamptz): "\(name) <= statement_timestamp() + interval '1 minute'"
        case (_, .timestamp): "\(name) <= statement_timestamp() AT TIME ZONE 'UTC' + interval '14 hours'"
        default: "\(name) <= (statement_timestamp() AT TIME ZONE 'UTC' + interval '14 hours')::date"
        }
    }

    /// The lowest value that a poll reads, as SQL.
    func bound(_ floor: String, of column: PostgresColumn) -> String {
        let value = "\(floor.postgresLiteral)::\(column.typeName)"
        switch (kind, column.shape) {
        case (.version, _): return "\(value)::numeric - \(versionOverlap)"
        // A day is the least that two dates differ in, and a stamp before midnight may be committed after it.
        case (_, .date): return "(\(value)::timestamp - interval '\(microseconds) microseconds')::date"
        default: return "\(value) - interval '\(microseconds) microseconds'"
        }
    }

    /// Up to where the marks of polls may be trusted, as SQL: no transaction that was running can have stamped a row
    /// before it.
    ///
    /// - Parameters:
    ///   - mark: The greatest value seen.
    ///   - guardMark: The greatest value seen when no transaction had a number yet that now runs.
    ///   - age: How long the oldest running transaction has been at work, in microseconds.
    func floor(mark: String, guardMark: String?, age: Int, of column: PostgresColumn) -> String {
        let type = column.typeName
        let candidates = [mark, guardMark ?? mark].map { "\($0.postgresLiteral)::\(type)" }
        guard kind == .timestamp else { return "least(\(candidates.joined(separator: ", ")))" }
        let now = column.shape == .timestamptz ? ", clock_timestamp()" : ""
        let aged = "(least(\(candidates[0])\(now)) - interval '\(age) microseconds')::\(type)"
        return "least(\(candidates[1]), \(aged))"
    }

    private var microseconds: Int64 {
        // Longer than anybody's overlap, and far from overflow.
        min(overlap.components.seconds, 1_000_000_000) * 1_000_000 + overlap.components.attoseconds / 1_000_000_000_000
    }
}
