import TallyModel

/// Puts rows about in the order of their keys, so that statements walk through indexes and pages instead of jumping.
///
/// Measured on a table of 150 MB: 16,000 updates in random order took the server 1.7 times as long.
struct KeyOrder {
    /// The beginnings of the first two key columns, in an order that is about the server's.
    private typealias Mark = (UInt64, UInt64)

    /// Sorts places by the keys of their rows; equal beginnings stay as they were.
    static func sort(_ places: inout [Int], by key: [Int], row: (Int) -> Row) {
        guard places.count > 2, let first = key.first else { return }
        let second = key.count > 1 ? key[1] : nil
        var marked: [(mark: Mark, place: Int)] = []
        marked.reserveCapacity(places.count)
        var isSorted = true
        for place in places {
            let values = row(place).values
            let mark = (mark(of: values[first]), second.map { self.mark(of: values[$0]) } ?? 0)
            if let last = marked.last, last.mark > mark { isSorted = false }
            marked.append((mark, place))
        }
        if isSorted { return }
        marked.sort { $0.mark < $1.mark || ($0.mark == $1.mark && $0.place < $1.place) }
        for (index, entry) in marked.enumerated() { places[index] = entry.place }
    }

    @inline(__always)
    private static func mark(of value: Value?) -> UInt64 {
        let sign: UInt64 = 1 << 63
        return switch value {
        case .integer(let integer): UInt64(bitPattern: integer) ^ sign
        case .uuid(let high, _): high
        case .text(let text): beginning(of: text.utf8)
        case .bytes(let bytes): beginning(of: bytes)
        case .date(let days): UInt64(bitPattern: Int64(days)) ^ sign
        case .timestamp(let microseconds, _): UInt64(bitPattern: microseconds) ^ sign
        default: 0
        }
    }

    private static func beginning(of bytes: some Sequence<UInt8>) -> UInt64 {
        var result: UInt64 = 0
        var count = 0
        for byte in bytes.prefix(8) {
            result = result << 8 | UInt64(byte)
            count += 1
        }
        return count == 0 ? 0 : result << UInt64(8 * (8 - count))
    }
}
