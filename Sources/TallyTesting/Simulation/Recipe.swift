package import TallyModel
package import TallyTransform

/// A transform, and what it does in plain Swift: for the simulator to judge by.
package enum Recipe: String, Sendable, CaseIterable {
    case asIs, filtered, computed, renamed, trimmed

    package var settings: TransformSettings {
        switch self {
        case .asIs: TransformSettings()
        case .filtered: TransformSettings(where: "flag = 1")
        case .computed: TransformSettings(where: "flag = 1", set: ["a": "a * 2 + 1"])
        case .renamed: TransformSettings(rename: ["b": "bee"])
        case .trimmed: TransformSettings(drop: ["b"])
        }
    }

    /// Whether rows come and go with their values.
    package var filters: Bool { self == .filtered || self == .computed }

    /// The row by its columns' names, as the target is to hold it; `nil` when it is not let in.
    package func row(_ row: [String: Value]) -> [String: Value]? {
        var row = row
        if filters, row["flag"] != .integer(1) { return nil }
        switch self {
        case .asIs, .filtered: break
        case .computed: if case .integer(let a)? = row["a"] { row["a"] = .integer(a * 2 + 1) }
        case .renamed: row["bee"] = row.removeValue(forKey: "b")
        case .trimmed: row["b"] = nil
        }
        return row
    }
}
