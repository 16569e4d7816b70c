/// A row of a group, whichever member it is in.
public struct RowID: Sendable, Hashable {
    /// The table's number in the group.
    public var table: Int
    /// The key's values in key order, as ``TallyModel/KeyCoding`` writes them.
    public var key: [UInt8]

    public init(table: Int, key: [UInt8]) {
        self.table = table
        self.key = key
    }
}

extension RowID {
    public func hash(into hasher: inout Hasher) {
        // All bytes at once: an array hashes them one by one.
        hasher.combine(table)
        key.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension [RowID: Int] {
    /// What stands for a row; where nothing does, `new` from now on. Hashes the row once.
    package mutating func value(of row: RowID, orNew new: Int) -> Int {
        func settle(_ value: inout Int?) -> Int {
            if let value { return value }
            value = new
            return new
        }
        return settle(&self[row])
    }
}

extension RowID: Comparable {
    /// By tables, and in them by the bytes of keys.
    public static func < (left: RowID, right: RowID) -> Bool {
        left.table == right.table ? left.key.lexicographicallyPrecedes(right.key) : left.table < right.table
    }
}
