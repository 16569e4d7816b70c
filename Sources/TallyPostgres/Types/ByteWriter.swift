/// Memory that bytes are written into, from left to right; it grows as needed and is kept for the next use.
package struct ByteWriter: ~Copyable {
    // Owned and freed by `deinit`; the first `count` of `capacity` bytes hold something. No pointer into it outlives a
    // call, because the next append may move it.
    private var start: UnsafeMutableRawPointer
    private var capacity: Int
    package private(set) var count = 0

    package init(capacity: Int = 1 << 12) {
        self.capacity = max(capacity, 16)
        start = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit {
        start.deallocate()
    }

    package var array: [UInt8] { withBytes { Array($0) } }

    /// Lends the bytes for the length of `body`.
    package borrowing func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Forgets the bytes from `count` on; their memory is kept.
    package mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        self.count = count
    }

    // MARK: Appending

    @inline(__always)
    mutating func reserve(_ more: Int) {
        if capacity - count < more { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let larger = max(capacity * 2, count + more)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        memory.copyMemory(from: start, byteCount: count)
        start.deallocate()
        start = memory
        capacity = larger
    }

    /// Lends room for `size` bytes at the end; `body` says how many it wrote.
    @inline(__always)
    mutating func append(upTo size: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        reserve(size)
        count += body((start + count).assumingMemoryBound(to: UInt8.self))
    }

    @inline(__always)
    package mutating func append(_ byte: UInt8) {
        reserve(1)
        start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    @inline(__always)
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        (start + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    package mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    package mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    package mutating func append(_ text: String) {
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { append(UnsafeRawBufferPointer($0)) }
        if isDone == nil { for byte in text.utf8 { append(byte) } }
    }

    @inline(__always)
    package mutating func appendBigEndian<I: FixedWidthInteger>(_ integer: I) {
        reserve(MemoryLayout<I>.size)
        start.storeBytes(of: integer.bigEndian, toByteOffset: count, as: I.self)
        count += MemoryLayout<I>.size
    }

    /// Writes over what was appended `offset` bytes after the beginning.
    @inline(__always)
    mutating func overwriteBigEndian<I: FixedWidthInteger>(_ integer: I, at offset: Int) {
        precondition(offset >= 0 && offset + MemoryLayout<I>.size <= count)
        start.storeBytes(of: integer.bigEndian, toByteOffset: offset, as: I.self)
    }

    // MARK: Looking at what was appended

    @inline(__always)
    borrowing func withBytes<Result>(from mark: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(start: start + mark, count: count - mark))
    }

    /// Takes back the bytes from `mark` on and lends them to `body`, which writes others in their place.
    mutating func rewrite(from mark: Int, _ body: (UnsafeRawBufferPointer, inout ByteWriter) -> Void) {
        let size = count - mark
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { copy in
            if size > 0 { copy.baseAddress!.copyMemory(from: start + mark, byteCount: size) }
            count = mark
            body(UnsafeRawBufferPointer(rebasing: copy[..<size]), &self)
        }
    }
}
