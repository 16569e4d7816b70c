import Foundation

/// Texts made once, so that what is measured is the store and not the making of rows.
final class TextPool {
    private let storage: UnsafeMutableBufferPointer<CChar>
    private let ranges: [[Range<Int>]]
    private static let count = 1024

    enum Column: Int, CaseIterable {
        case name, c, d

        /// Lengths in characters; together with the numbers a row has about 200 bytes.
        fileprivate var lengths: ClosedRange<Int> {
            switch self {
            case .name: 12...28
            case .c: 50...70
            case .d: 80...110
            }
        }
    }

    init() {
        // The same texts in every run.
        var state: UInt64 = 42
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let letters = Array("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ 0123456789")
        var bytes: [CChar] = []
        ranges = Column.allCases.map { column in
            (0..<Self.count).map { number in
                let length = column.lengths.lowerBound + next(column.lengths.count)
                var text = String((0..<length).map { _ in letters[next(letters.count)] })
                // Names are not all ASCII.
                if column == .name, number % 8 == 0 { text = "Zoë Łęcka " + text.dropFirst(10) }
                let start = bytes.count
                bytes += text.utf8.map { CChar(bitPattern: $0) }
                return start..<bytes.count
            }
        }
        storage = .allocate(capacity: bytes.count)
        _ = storage.initialize(from: bytes)
    }

    deinit {
        storage.deallocate()
    }

    /// One of the column's texts; lives as long as the pool.
    func text(_ number: Int, _ column: Column) -> UnsafeBufferPointer<CChar> {
        UnsafeBufferPointer(rebasing: storage[ranges[column.rawValue][number & (Self.count - 1)]])
    }
}
