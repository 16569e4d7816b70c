import SQLite
public import TallyMerge

extension GroupLedger {
    /// By how much the time of each author's last transaction was cut off, where it was too far ahead.
    public func lastClamps() throws -> [Actor: Duration] {
        var clamps: [Actor: Duration] = [:]
        // Of the columns beside `max`, SQLite takes those of the row that has it.
        for row in try connection.all("SELECT actor, clamped, max(sequence) FROM entry GROUP BY actor") {
            guard let actor = row[0].integer, let clamped = row[1].integer else { continue }
            clamps[Actor(UInt16(truncatingIfNeeded: actor))] = .microseconds(clamped)
        }
        return clamps
    }
}
