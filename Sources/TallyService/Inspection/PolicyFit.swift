package import TallyGroup
import TallyMerge

/// Whether a policy can do what it is for with a column's values.
package struct PolicyFit {
    private let policy: PolicySetting
    private let family: ValueFamily

    package init(_ policy: PolicySetting, _ family: ValueFamily) {
        self.policy = policy
        self.family = family
    }

    /// What is wrong, to follow the column's name; `nil` where the policy fits.
    package var problem: String? {
        guard case .policy(let policy) = policy, let need = Self.need(of: policy), !need.families.contains(family)
        else {
            return nil
        }
        return "the policy \(need.word) needs \(need.words)"
    }

    /// The policies by name that would do, the most telling first.
    package static func fitting(_ family: ValueFamily) -> [String] {
        let merging: [ColumnPolicy] = [.counter, .set, .map, .text, .greatest, .least]
        let fits = merging.filter { PolicyFit(.policy($0), family).problem == nil }
        return fits.compactMap { need(of: $0)?.word } + ["latest", "earliest", "prefer", "manual"]
    }

    /// What a policy asks of values; `nil` for one that takes whatever there is.
    private static func need(of policy: ColumnPolicy) -> (word: String, words: String, families: Set<ValueFamily>)? {
        switch policy {
        case .counter: ("counter", "a number", [.number, .anything])
        // Text may hold JSON, in either kind of store.
        case .set: ("set", "an array or JSON", [.array, .json, .text, .anything])
        case .map: ("map", "a JSON object", [.json, .text, .anything])
        case .text: ("text", "a text", [.text, .anything])
        case .greatest: ("greatest", "values that have an order", ordered)
        case .least: ("least", "values that have an order", ordered)
        case .latest, .earliest, .prefer, .expression, .manual: nil
        }
    }

    private static let ordered = Set(ValueFamily.allCases).subtracting([.json])
}
