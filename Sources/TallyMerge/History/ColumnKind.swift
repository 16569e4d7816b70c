public import TallyModel

/// How the values of a column are told apart.
public enum ColumnKind: Sendable, Hashable {
    /// Numbers of equal value are the same where one store keeps them in another form than the other did: an integer for a
    /// decimal. For members of different kinds.
    case number
    /// As they are.
    case plain

    /// - Parameter declaredType: In the words of any kind of store.
    public init(declaredType: String) {
        let type = declaredType.lowercased()
        let words = ["int", "serial", "numeric", "decimal", "real", "double", "float", "money", "number"]
        self = !type.hasSuffix("[]") && words.contains(where: type.contains) && type != "interval" ? .number : .plain
    }

    /// Whether two values say the same.
    public func isSame(_ left: Value?, _ right: Value?) -> Bool {
        if left == right { return true }
        guard self == .number, let left = Number(left), let right = Number(right) else { return false }
        switch (left, right) {
        case (.integer, .integer), (.decimal, .decimal), (.real, .real): return false
        default: return ValueOrder.compare(left.value, right.value) == 0
        }
    }
}
