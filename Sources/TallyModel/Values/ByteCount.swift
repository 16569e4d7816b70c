/// An amount of memory or disk.
public struct ByteCount: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var bytes: Int

    public init(_ bytes: Int) {
        self.bytes = bytes
    }

    public static func kibibytes(_ count: Int) -> ByteCount { ByteCount(count << 10) }
    public static func mebibytes(_ count: Int) -> ByteCount { ByteCount(count << 20) }

    public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    public var description: String {
        var amount = Double(bytes)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if abs(amount) < 1024 || unit == "GiB" {
                let tenths = (amount * 10).rounded() / 10
                return tenths == tenths.rounded() ? "\(Int(tenths)) \(unit)" : "\(tenths) \(unit)"
            }
            amount /= 1024
        }
        return "\(bytes) B"
    }
}
