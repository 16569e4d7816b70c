import TallyModel

/// What a position of capture by trigger holds beside its order: what the stream has given, and a row of the log by
/// which its history is recognised.
///
/// The order is the wall clock: see `PollOrders`.
struct CapturePosition: Sendable, Hashable {
    /// The row of the log with the greatest place of all that the stream has given.
    ///
    /// It stays in the log for as long as the flow stands there. Where it is gone or another, the database was restored
    /// from a backup or lost its last commits.
    struct Anchor: Sendable, Hashable {
        var place: Int64
        var transaction: UInt64
        /// When the row was written, in microseconds since 1970: no other row has the same place and time.
        var time: Int64
    }

    /// A position that another kind of capture wrote.
    struct Unreadable: Error {}

    /// The stream has given exactly what this snapshot sees.
    var snapshot: ServerSnapshot
    var anchor: Anchor

    init(snapshot: ServerSnapshot, anchor: Anchor) {
        self.snapshot = snapshot
        self.anchor = anchor
    }

    /// Reads what ``detail`` wrote; `nil` for any other text.
    init?(detail: String) {
        let parts = detail.split(separator: " ")
        guard parts.count == 5, parts[0] == "trigger", let snapshot = ServerSnapshot(parts[1]),
            let place = Int64(parts[2]), let transaction = UInt64(parts[3]), let time = Int64(parts[4])
        else { return nil }
        self.snapshot = snapshot
        anchor = Anchor(place: place, transaction: transaction, time: time)
    }

    var detail: String { "trigger \(snapshot) \(anchor.place) \(anchor.transaction) \(anchor.time)" }
}
