/// The number of an advisory lock that stands for a name of Tally's.
///
/// The server knows advisory locks by numbers, one space for all programs of a database; 64 bits of a hash keep Tally's
/// apart from others and from each other.
struct AdvisoryKey: Sendable, Hashable {
    let number: Int64

    init(of name: String) {
        // FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): the same in every process and for ever.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "tally:\(name)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        number = Int64(bitPattern: hash)
    }

    /// The key as `pg_locks` shows it, in two halves.
    var condition: String {
        let bits = UInt64(bitPattern: number)
        return "locktype = 'advisory' AND objsubid = 1 AND classid = \(bits >> 32) AND objid = \(bits & 0xffff_ffff)"
            + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    }
}
