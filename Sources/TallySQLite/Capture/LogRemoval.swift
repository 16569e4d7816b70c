import SQLite
import TallyModel

/// Removes captured rows that no flow needs any more, a step at a time.
///
/// The row that the slowest flow stands at stays, for its position points at it.
enum LogRemoval {
    /// How many rows a step removes one by one.
    static let step: Int64 = 10_000
    /// How many a step removes at once: as many as keep the source's writers waiting a tenth of a second or two.
    private static let most: Int64 = 1_000_000

    /// Removes some rows, in the caller's transaction.
    ///
    /// - Returns: How many; less than ``step`` when there are no more.
    static func removeSome(from connection: Connection) throws -> Int64 {
        let row = try connection.first(
            "SELECT (SELECT min(seq) FROM _tally_log), (SELECT max(seq) FROM _tally_log), min(acknowledged) FROM _tally_flow"
        )
        guard let row, case .integer(let first) = row[0], case .integer(let last) = row[1],
            case .integer(let needed) = row[2]
        else { return 0 }
        if needed == last, last - first > step, last - first <= most {
            try removeAll(but: last, from: connection)
            return last - first
        }
        // One bound: of two, SQLite would search by the one and look at every row for the other.
        try connection.run("DELETE FROM _tally_log WHERE seq < ?", .integer(min(needed, first + step)))
        return Int64(connection.changes)
    }

    /// Empties the log and puts its last row back.
    ///
    /// SQLite gives up the pages of a table that is emptied without writing any of them
    /// (https://www.sqlite.org/lang_delete.html#the_truncate_optimization). Rows removed one by one write all of them
    /// twice, to the WAL and to the file: measured, fifteen times the time.
    private static func removeAll(but last: Int64, from connection: Connection) throws {
        // Compiled each time: the log may have been given columns since the last.
        let query = try connection.prepare("SELECT * FROM _tally_log WHERE seq = ?")
        try query.bind(.integer(last), at: 1)
        guard try query.step() else { return }
        let values = query.values()
        query.reset()
        try connection.execute("DELETE FROM _tally_log")
        let places = values.map { _ in "?" }.joined(separator: ", ")
        let insert = try connection.prepare("INSERT INTO _tally_log VALUES (\(places))")
        try insert.bind(values)
        _ = try insert.step()
    }
}
