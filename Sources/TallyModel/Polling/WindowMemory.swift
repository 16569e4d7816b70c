/// What polls have sent of the rows that the next poll will read again, so that it does not send them again.
///
/// Keeps two hashes per row, never rows; bounded for all tables together. What it has no room for is sent again, which
/// costs work and nothing else. A row would be held back wrongly only where both its versions, key and all, have the same
/// 64-bit hash, seeded anew for each process.
package struct WindowMemory {
    private struct Entry {
        var content: UInt64
        var place: Int64
        /// The poll that read the row last.
        var poll: UInt64
    }

    private var entries: [TableName: [UInt64: Entry]] = [:]
    /// The bound that each table was last cleared below.
    private var cleared: [TableName: Int64] = [:]
    private var overfull: Set<TableName> = []
    private var count = 0
    private var poll: UInt64 = 0
    private let limit: Int

    package init(limit: Int = 1 << 17) {
        self.limit = limit
    }

    /// Takes note of a row that was read.
    ///
    /// - Parameters:
    ///   - place: Where the row stands; the greatest there is for a row that every poll reads.
    ///   - reach: The lowest place that the next poll can read, as far as is known now.
    /// - Returns: Whether the row differs from what was sent of its key.
    package mutating func isNews(_ row: Row, of schema: TableSchema, at place: Int64, reach: Int64) -> Bool {
        let name = schema.name
        let key = Self.hash(row, schema.key)
        let content = Self.hash(row, row.values.indices)
        if let known = entries[name]?[key] {
            entries[name]?[key] = Entry(content: content, place: place, poll: poll)
            return known.content != content
        }
        guard place >= reach else { return true }
        if count >= limit, cleared[name] != reach {
            forget(name) { $0.place >= reach }
            cleared[name] = reach
            overfull.remove(name)
        }
        if count < limit {
            entries[name, default: [:]][key] = Entry(content: content, place: place, poll: poll)
            count += 1
        } else {
            overfull.insert(name)
        }
        return true
    }

    /// Whether rows of the table were found no room for in the poll that is at work.
    package func isOverfull(_ table: TableName) -> Bool { overfull.contains(table) }

    package mutating func beginPoll() {
        poll += 1
        overfull.removeAll()
    }

    /// Forgets the rows that the next poll will not read, and those that this one should have read and did not: they are
    /// gone, and if they come back they are news.
    package mutating func endTable(_ table: TableName, reach: Int64) {
        forget(table) { [poll] in $0.place >= reach && $0.poll == poll }
        cleared[table] = nil
    }

    private mutating func forget(_ table: TableName, except isKept: (Entry) -> Bool) {
        guard let kept = entries[table]?.filter({ isKept($0.value) }) else { return }
        count -= (entries[table]?.count ?? 0) - kept.count
        entries[table] = kept
    }

    package mutating func forgetAll(of table: TableName) {
        count -= entries.removeValue(forKey: table)?.count ?? 0
        cleared[table] = nil
        overfull.remove(table)
    }

    // MARK: Hashing

    /// Hashes storage classes and bytes, not Swift's equality: two spellings of an accent are two contents.
    private static func hash(_ row: Row, _ columns: some Sequence<Int>) -> UInt64 {
        var hasher = Hasher()
        for column in columns {
            switch row.values[column] {
            case nil: hasher.combine(0 as UInt8)
            case .null: hasher.combine(1 as UInt8)
            case .integer(let integer):
                hasher.combine(2 as UInt8)
                hasher.combine(integer)
            case .real(let real):
                hasher.combine(3 as UInt8)
                hasher.combine(real.bitPattern)
            case .text(let text): combine(text.utf8, tag: 4, into: &hasher)
            case .bytes(let bytes): combine(bytes, tag: 5, into: &hasher)
            case .other(let other): combine(other.bytes, tag: 6, into: &hasher)
            case let value?: combine(RowCoding.encode(Row([value])), tag: 7, into: &hasher)
            }
        }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    private static func combine(_ bytes: some Sequence<UInt8>, tag: UInt8, into hasher: inout Hasher) {
        hasher.combine(tag)
        var count = 0
        let wasContiguous: Void? = bytes.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
            count = $0.count
        }
        if wasContiguous == nil {
            for byte in bytes {
                hasher.combine(byte)
                count += 1
            }
        }
        hasher.combine(count)
    }
}
