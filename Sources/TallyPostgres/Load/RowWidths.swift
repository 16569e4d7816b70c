import Synchronization
import TallyModel

/// How many bytes the rows of each table take, learnt from the chunks read so far.
final class RowWidths: Sendable {
    private let known = Mutex<[TableName: Double]>([:])

    /// How many rows of a table make about `limit`.
    func rows(in limit: ByteCount, of table: TableName) -> Int {
        // Before the first chunk: narrow rows make it small, and wide ones are cut off.
        let width = known.withLock { $0[table] } ?? 512
        return min(max(Int(Double(limit.bytes) / width), 1), 1_000_000)
    }

    func learn(_ bytes: Int, for rows: Int, of table: TableName) {
        guard rows > 0 else { return }
        known.withLock { $0[table] = max(Double(bytes) / Double(rows), 1) }
    }
}
