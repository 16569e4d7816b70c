package import TallyModel

/// What rows are told apart by.
///
/// SQLite allows rows with NULL in their key, and several with the same. No target takes them, so each is a dead letter,
/// and what the whole row holds tells one letter from the other.
extension TableSchema {
    /// The key of a row, in key order; where there is NULL in it, a hash of the row's content follows.
    package func identity(of row: Row) -> Row {
        let values = row.picking(key)
        guard hasNullKey(row) else { return values }
        // FNV-1a: the same in every process, because the ledger keeps it.
        let hash = RowCoding.encode(row).reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        return Row(values.values + [.integer(Int64(bitPattern: hash))])
    }

    package func hasNullKey(_ row: Row) -> Bool {
        key.contains { place in if case .null? = row.values[place] { true } else { false } }
    }
}
