import Crypto

extension TransformSettings {
    /// A short text that changes when the settings do, and that stays from one release to the next.
    ///
    /// To be kept where the expressions themselves must not be, because they may hold secrets. 64 bits of a SHA-256
    /// are enough to notice a change.
    public var fingerprint: String {
        var hash = SHA256()
        func add(_ parts: String?...) {
            for part in parts {
                // Lengths keep `ab`, `c` and `a`, `bc` apart.
                hash.update(data: Array("\(part.map { String($0.utf8.count) } ?? "-"):\(part ?? "")".utf8))
            }
        }
        add("where", `where`, "table", table)
        for (column, expression) in set.sorted(by: { $0.key < $1.key }) { add("set", column, expression) }
        for (old, new) in rename.sorted(by: { $0.key < $1.key }) { add("rename", old, new) }
        for column in drop.sorted() { add("drop", column) }
        return hash.finalize().prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        .joined()
    }
}
