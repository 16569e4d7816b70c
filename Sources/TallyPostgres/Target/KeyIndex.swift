import TallyModel

/// Finds the entry of a key among those of one table, for some thousands of changes a millisecond.
///
/// A hash table with open addressing over places that the owner keeps; keys stay where they are, in the changes.
struct KeyIndex {
    private var slots: [Int32] = []
    private var hashes: [UInt64] = []
    private var mask = 0

    var isEmpty: Bool { hashes.isEmpty }

    mutating func removeAll() {
        hashes.removeAll(keepingCapacity: true)
        for slot in slots.indices { slots[slot] = -1 }
    }

    /// The place of an entry with this hash for which `isSame` holds; otherwise `nil`, and the next place is taken.
    @inline(__always)
    mutating func place(of hash: UInt64, isSame: (Int) -> Bool) -> Int? {
        if hashes.count * 2 >= slots.count { grow() }
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] >= 0 {
            let place = Int(slots[slot])
            if hashes[place] == hash, isSame(place) { return place }
            slot = (slot + 1) & mask
        }
        slots[slot] = Int32(truncatingIfNeeded: hashes.count)
        hashes.append(hash)
        return nil
    }

    private mutating func grow() {
        let size = max(64, slots.count * 2)
        mask = size - 1
        slots = [Int32](repeating: -1, count: size)
        for (place, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(truncatingIfNeeded: place)
        }
    }

    /// A hash of the values at these places; `nil` where one is NULL or absent.
    @inline(__always)
    static func hash(_ row: Row, _ key: [Int]) -> UInt64? {
        var hash: UInt64 = 0x9e37_79b9_7f4a_7c15
        for place in key {
            guard let part = part(row.values[place]) else { return nil }
            hash = mix(hash ^ part)
        }
        return hash
    }

    @inline(__always)
    private static func part(_ value: Value?) -> UInt64? {
        switch value {
        case .none, .some(.null): return nil
        case .some(.integer(let integer)): return UInt64(bitPattern: integer)
        case .some(.uuid(let high, let low)): return mix(high) ^ low
        case .some(let other):
            var hasher = Hasher()
            hasher.combine(other)
            return UInt64(truncatingIfNeeded: hasher.finalize())
        }
    }

    /// Stafford's mixer 13, as SplitMix64 uses it.
    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
