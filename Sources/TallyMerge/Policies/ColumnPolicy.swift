/// How concurrent edits of one column merge.
public enum ColumnPolicy: Sendable, Hashable {
    /// The one with the greatest time.
    case latest
    /// The one with the least time.
    case earliest
    /// The greatest value, by ``ValueOrder``.
    case greatest
    /// The least value, by ``ValueOrder``.
    case least
    /// A number to which every write adds its difference.
    case counter
    /// A JSON array or an array, as an observed-remove set of its elements.
    case set
    /// A JSON object, key by key, nested objects too; `latest` for what is no object.
    case map
    /// Prose, merged by position.
    case text
    /// That of the first actor in the list; of actors not in it, after those that are, the one with the greatest time.
    case prefer([Actor])
    /// What the expression makes of them, two by two (``MergeExpressions``).
    case expression(String)
    /// `latest` for now, and a clash that waits for a person.
    case manual

    /// Whether a value is taken whole, so that a write that has seen another stands instead of it.
    var isRegister: Bool {
        switch self {
        case .latest, .earliest, .greatest, .least, .prefer, .expression, .manual: true
        case .counter, .set, .map, .text: false
        }
    }
}

extension ColumnPolicy {
    /// Whether an edit that is taken in twice counts twice.
    var adds: Bool { self == .counter || self == .text }

    /// Whether an edit says all about its column, under a policy that otherwise merges what edits changed.
    func isAssignment(_ edit: StampedEdit) -> Bool {
        switch self {
        case .counter: CounterMerge.isAssignment(edit)
        case .set: SetMerge.isAssignment(edit)
        case .map: MapMerge.isAssignment(edit)
        case .text: TextMerge.isAssignment(edit)
        default: isRegister
        }
    }
}
