import SQLite
import TallyMerge
import TallyModel

/// Telling this ledger's history from that of another copy of it.
extension GroupLedger {
    /// How many epochs a place tells.
    private static let told = 8
    /// How many epochs are kept.
    private static let kept = 64

    /// The place of a sequence, as members are told it.
    public func place(at sequence: UInt64) throws -> LedgerPlace {
        guard let mark = try mark(at: sequence) else {
            throw GroupMigration.damaged(path, "entry \(sequence) is missing")
        }
        let epochs = try connection.all(
            "SELECT id, start FROM epoch WHERE start <= ? ORDER BY start DESC LIMIT \(Self.told)",
            .integer(Int64(sequence))
        )
        return LedgerPlace(sequence: sequence, mark: mark, epochs: epochs.compactMap(epoch))
    }

    /// Whether what somebody was brought to is in this ledger, and has not been forgotten.
    public func holds(_ place: LedgerPlace) throws -> Bool {
        guard try mark(at: place.sequence) == place.mark else { return false }
        return try place.claim.isEmpty
            || connection.first("SELECT 1 FROM member WHERE claim = ?", .text(place.claim)) != nil
    }

    /// Whether the ledger still knows what there was at a sequence.
    public func has(_ sequence: UInt64) throws -> Bool { try mark(at: sequence) != nil }

    /// The last sequence that is the same in this ledger and in the copy of it that `place` is of.
    ///
    /// - Returns: `nil` where that cannot be told: too much was written to one of them since.
    public func parting(from place: LedgerPlace) throws -> UInt64? {
        if !place.claim.isEmpty, try mark(at: place.sequence) == place.mark { return place.sequence }
        let ours = try connection.all("SELECT id, start FROM epoch ORDER BY start DESC").compactMap(epoch)
        for (number, theirs) in place.epochs.enumerated() {
            guard let shared = ours.firstIndex(of: theirs) else { continue }
            let head = try connection.first("SELECT max(sequence) FROM entry")?.first?.integer ?? 0
            let ourEnd = shared > 0 ? ours[shared - 1].start - 1 : UInt64(head)
            let theirEnd = number > 0 ? place.epochs[number - 1].start - 1 : place.sequence
            let end = min(ourEnd, theirEnd)
            // The same opening went on in both: a machine was put back with the programs that ran on it.
            return end == place.sequence && number == 0 ? nil : end
        }
        return nil
    }

    /// The fingerprint of an entry in words: empty where it has none, `nil` where there is no such entry.
    private func mark(at sequence: UInt64) throws -> String? {
        guard sequence > 0 else { return "" }
        let row = try connection.first(
            "SELECT fingerprint FROM entry WHERE sequence = ?",
            .integer(Int64(clamping: sequence))
        )
        return row.map { $0[0].integer.map { String(UInt64(bitPattern: $0), radix: 16) } ?? "" }
    }

    private func epoch(_ row: [Value]) -> LedgerEpoch? {
        guard let id = row[0].integer, let start = row[1].integer else { return nil }
        return LedgerEpoch(id: UInt32(truncatingIfNeeded: id), start: UInt64(start))
    }

    // MARK: Writing

    /// The fingerprint of an entry that is about to be kept: of the entry, of all before it, and of whoever writes it.
    func fingerprint(of entry: Entry, clock: HybridTime) throws -> Int64 {
        var hash = StableHash()
        hash.combine(try fingerprint(before: entry.sequence))
        hash.combine(try openEpoch(at: entry.sequence))
        hash.combine(entry.sequence)
        hash.combine(entry.dot.actor.number)
        hash.combine(entry.dot.counter)
        hash.combine(entry.base)
        hash.combine(entry.committed.microseconds)
        hash.combine(clock.microseconds)
        hash.combine(clock.counter)
        hash.combine(Int64(entry.rows))
        return Int64(bitPattern: hash.value)
    }

    private func fingerprint(before sequence: UInt64) throws -> Int64 {
        if let lastEntry, lastEntry.sequence + 1 == sequence { return lastEntry.fingerprint }
        let former = try connection.first(
            "SELECT fingerprint FROM entry WHERE sequence = ?",
            .integer(Int64(sequence) - 1)
        )
        return former?.first?.integer ?? 0
    }

    /// The epoch of this opening, which begins with the first entry that it writes.
    private func openEpoch(at sequence: UInt64) throws -> UInt32 {
        if let epoch { return epoch }
        let id = UInt32.random(in: 1...UInt32.max)
        try connection.run(
            "INSERT INTO epoch (start, id) VALUES (?, ?)",
            .integer(Int64(sequence)),
            .integer(Int64(id))
        )
        try connection.execute(
            "DELETE FROM epoch WHERE start < (SELECT min(start) FROM (SELECT start FROM epoch ORDER BY start DESC LIMIT \(Self.kept)))"
        )
        epoch = id
        return id
    }
}
