import TallyModel

/// Remembers which rows were changed while another statement was at work, so that what that statement itself did to
/// them, and was captured later, is not taken for the newer.
///
/// A Bloom filter (https://doi.org/10.1145/362686.362692): it takes the same memory however many rows there are, and
/// what it says wrongly of other rows costs one look at each of them.
struct NestedKeys {
    private static let bits = 1 << 23
    private var words: [UInt64] = []

    var isEmpty: Bool { words.isEmpty }

    mutating func insert(_ hash: UInt64) {
        if words.isEmpty { words = [UInt64](repeating: 0, count: Self.bits / 64) }
        for place in Self.places(hash) { words[place >> 6] |= 1 << UInt64(place & 63) }
    }

    func mayContain(_ hash: UInt64) -> Bool {
        !words.isEmpty && Self.places(hash).allSatisfy { words[$0 >> 6] & (1 << UInt64($0 & 63)) != 0 }
    }

    mutating func removeAll() { words = [] }

    private static func places(_ hash: UInt64) -> [Int] {
        let (first, second) = (hash, hash >> 32 | 1)
        return (0..<3).map { Int((first &+ UInt64($0) &* second) % UInt64(bits)) }
    }
}
