import TallyMerge
import TallyModel

/// An expression of any text: it writes the base and both values one after the other.
struct Concatenation: MergeExpressions {
    func value(of expression: String, base: Value?, current: Value, incoming: Value) -> Value {
        .text("\(base.map { "\($0)" } ?? "-")\(expression)\(current)\(expression)\(incoming)")
    }
}
