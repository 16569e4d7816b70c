/// A member of a group as an author of writes, by its short number within the group.
public struct Actor: Sendable, Hashable, Comparable, Codable {
    public var number: UInt16

    public init(_ number: UInt16) {
        self.number = number
    }

    public static func < (left: Actor, right: Actor) -> Bool { left.number < right.number }

    public init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(UInt16.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}
