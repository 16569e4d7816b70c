internal import TallyModel

extension Value {
    /// Whether the two are equal to the byte.
    ///
    /// Equality of values is not enough for copies to agree: it holds for `0.0` and `-0.0` and for differently composed
    /// Unicode, which are different bytes, and not for a NaN and itself.
    func isIdentical(to other: Value) -> Bool {
        switch (self, other) {
        case (.real(let left), .real(let right)): left.bitPattern == right.bitPattern
        case (.decimal(let left), .decimal(let right)), (.text(let left), .text(let right)),
            (.json(let left), .json(let right)):
            left.isIdentical(to: right)
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isIdentical(to: $1) }
        case (.other(let left), .other(let right)):
            left.typeName.isIdentical(to: right.typeName) && left.bytes == right.bytes
        default: self == other
        }
    }
}

extension Optional<Value> {
    static func isIdentical(_ left: Value?, _ right: Value?) -> Bool {
        switch (left, right) {
        case (nil, nil): true
        case (let left?, let right?): left.isIdentical(to: right)
        default: false
        }
    }
}

extension String {
    /// Whether the two have the same UTF-8.
    func isIdentical(to other: String) -> Bool {
        let isSame = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                UnsafeRawBufferPointer(left).isSame(as: UnsafeRawBufferPointer(right))
            }
        }
        return isSame.flatMap(\.self) ?? utf8.elementsEqual(other.utf8)
    }

    /// Whether this one's UTF-8 comes first, byte by byte.
    func precedes(_ other: String) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }
}
