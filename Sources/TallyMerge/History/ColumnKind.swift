public import TallyModel

/// How the values of a column are told apart.
public enum ColumnKind: Sendable, Hashable {
    /// Numbers of equal value are the same, and values whose plain forms are: members of different kinds keep one value
    /// in different forms, a decimal as an integer, a moment as text.
    case mixed
    /// As they are.
    case exact

    /// Whether two values say the same.
    public func isSame(_ left: Value?, _ right: Value?) -> Bool {
        // To the byte: texts that Unicode calls equal may be spelled differently.
        if Optional<Value>.isIdentical(left, right) { return true }
        guard self == .mixed, let left, let right else { return false }
        if Number(left) != nil, Number(right) != nil { return ValueOrder.compare(left, right) == 0 }
        return (left.scalar ?? left).isIdentical(to: right.scalar ?? right)
    }
}
