/// Searches of eight bytes at a time: Sean Anderson, Bit Twiddling Hacks, "Determine if a word has a byte less than n".
///
/// In each word found, the lowest flag is right and those above it may not be.
extension UnsafeRawBufferPointer {
    var hasZero: Bool {
        first(from: 0, { ($0 &- ones) & ~$0 }, { $0 == 0 }) < count
    }

    /// The place of the first backslash or control character; `count` where there is none.
    @inline(__always)
    func firstCopySpecial(from start: Int) -> Int {
        first(
            from: start,
            { word in
                let backslash = word ^ (ones &* 0x5c)
                return ((word &- ones &* 0x20) & ~word) | ((backslash &- ones) & ~backslash)
            },
            { $0 < 0x20 || $0 == 0x5c }
        )
    }

    /// - Parameters:
    ///   - flags: Sets the highest bit of each byte that is searched for.
    ///   - isFound: Says the same of one byte.
    @inline(__always)
    private func first(from start: Int, _ flags: (UInt64) -> UInt64, _ isFound: (UInt8) -> Bool) -> Int {
        guard let base = baseAddress else { return 0 }
        var offset = start
        while offset &+ 8 <= count {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let found = flags(word) & 0x8080_8080_8080_8080
            if found != 0 { return offset &+ found.trailingZeroBitCount / 8 }
            offset &+= 8
        }
        while offset < count, !isFound(base.load(fromByteOffset: offset, as: UInt8.self)) { offset &+= 1 }
        return Swift.min(offset, count)
    }
}

private let ones: UInt64 = 0x0101_0101_0101_0101
