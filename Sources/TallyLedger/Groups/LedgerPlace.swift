public import TallyModel

/// A place in a group's ledger that is told from the place of the same number in another copy of it.
///
/// It lives in members, as their checkpoint and in the signatures of their logs.
public struct LedgerPlace: Sendable, Hashable {
    public var sequence: UInt64
    /// The fingerprint of the entry there: of all entries up to it. Empty for 0, and for entries of an older Tally.
    var mark: String
    /// What the ledger noted when it took a member up from there that had been brought further by another copy; empty for
    /// all others.
    public var claim = ""
    /// The last epochs up to there, the newest first.
    var epochs: [LedgerEpoch]

    init(sequence: UInt64, mark: String, epochs: [LedgerEpoch]) {
        self.sequence = sequence
        self.mark = mark
        self.epochs = epochs
    }

    /// Reads ``position`` or ``signature``. What is neither, is a place in no ledger.
    public init(_ position: Position) {
        let parts = position.detail.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        sequence = position.order
        let marks = (parts.first ?? "").split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        mark = marks.first.map(String.init) ?? ""
        claim = marks.count > 1 ? String(marks[1]) : ""
        epochs = parts.dropFirst().flatMap { $0.split(separator: ",") }.compactMap(LedgerEpoch.init)
    }

    /// For a checkpoint.
    public var position: Position {
        let mark = claim.isEmpty ? mark : "\(mark)+\(claim)"
        return Position(
            order: sequence,
            detail: epochs.isEmpty ? mark : mark + ";" + epochs.map(\.text).joined(separator: ",")
        )
    }

    /// For the signature of a transaction, which needs to be recognised and no more.
    public var signature: Position { Position(order: sequence, detail: mark) }
}

/// The entries that one opening of a ledger wrote.
///
/// Copies of a ledger that were both written to have the same epochs up to where they part, and others from there on:
/// so Kafka finds where the logs of two brokers part (KIP-101, leader epochs).
struct LedgerEpoch: Sendable, Hashable {
    /// Drawn by lot.
    var id: UInt32
    /// Its first entry.
    var start: UInt64

    var text: String { String(id, radix: 16) + "@" + String(start) }

    init(id: UInt32, start: UInt64) {
        self.id = id
        self.start = start
    }

    init?(_ text: Substring) {
        let parts = text.split(separator: "@")
        guard parts.count == 2, let id = UInt32(parts[0], radix: 16), let start = UInt64(parts[1]) else { return nil }
        self.init(id: id, start: start)
    }
}
