import TallyMerge
import TallyModel

/// Random values and changes that suit the columns of ``History/rules``.
struct Samples {
    private var generator: Generator
    private var runs: UInt32 = 0

    init(seed: UInt64) {
        generator = Generator(seed: seed ^ 0xabcd)
    }

    /// A change of the row; nil when this one's author leaves it as it is.
    mutating func change(
        to row: Row?,
        columns: [Int],
        width: Int,
        deletes: Bool,
        using generator: inout Generator
    ) -> (RowWrite.Kind, [ColumnEdit])? {
        guard let row else {
            let edits = (0..<width).map { ColumnEdit(column: $0, before: nil, after: value(after: nil, column: $0)) }
            return (.insert, edits)
        }
        if deletes, generator.chance(1, in: 8) { return (.delete, []) }
        var edits: [ColumnEdit] = []
        for column in columns where generator.chance(1, in: 3) {
            let after = value(after: row.values[column], column: column)
            if after != row.values[column] {
                edits.append(ColumnEdit(column: column, before: row.values[column], after: after))
            }
        }
        return edits.isEmpty ? nil : (.update, edits)
    }

    mutating func value(after before: Value?, column: Int) -> Value? {
        if column > 6, column != 7, generator.chance(1, in: 12) {
            return generator.chance(1, in: 2) ? .null : .boolean(true)
        }
        switch History.rules.columns[column] {
        case .counter: return number(after: before, column: column)
        case .set: return set(after: before)
        case .map: return map(after: before)
        case .text: return text(after: before)
        default:
            let number = generator.below(6)
            return [.integer(Int64(number)), .real(Double(number)), .text("\(number)"), .null][generator.below(4)]
        }
    }

    private mutating func number(after before: Value?, column: Int) -> Value {
        let amount = generator.below(20) - 10
        switch (column, before) {
        case (7, .integer(let number)): return .integer(number + Int64(amount))
        case (8, .real(let number)): return .real(number + Double(amount) / 7)
        case (9, .integer(let number)): return .integer(number &+ Int64(amount) << 60)
        case (9, _): return .decimal("\(amount).\(generator.below(100))")
        case (8, _): return .real(Double(amount) / 3)
        default: return .integer(Int64(amount))
        }
    }

    private mutating func set(after before: Value?) -> Value {
        var elements = ["\"x\""]
        if case .json(let text) = before, text != "[]" {
            elements = text.dropFirst().dropLast().split(separator: ",").map(String.init)
        }
        elements.removeAll { _ in generator.chance(1, in: 3) }
        let added = ["1", "1.0", "\"a\"", "\"\\u0061\"", "null", "\"b\""][generator.below(6)]
        if !elements.contains(added) { elements.insert(added, at: generator.below(elements.count + 1)) }
        return .json("[\(elements.joined(separator: generator.chance(1, in: 2) ? "," : ", "))]")
    }

    private mutating func map(after before: Value?) -> Value {
        if case .json(let text) = before, generator.chance(4, in: 5), text.first == "{" {
            // The changes are made on the text: a few places that every document of these tests may have.
            let changes = [
                ("\"a\":1", "\"a\":2"), ("\"a\":2", "\"a\":1"), ("\"c\":{", "\"c\":{\"e\":[\(generator.below(9))],"),
                ("{", "{\"f\":\(generator.below(3)),"), ("\"d\":1", "\"d\":null"), ("\"d\":null", "\"d\":1"),
                ("\"c\":{", "\"c\":7,\"g\":{"), ("\"c\":7", "\"c\":{\"d\":1}"), ("\"a\":", "\"b\":"),
                ("\"g\":", "\"c\":"),
            ]
            let (old, new) = changes[generator.below(changes.count)]
            let parts = text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { return .json(parts[0] + new + parts[1]) }
        }
        return .json("{ \"a\":\(generator.below(3)), \"c\":{\"d\":1, \"e\":[]} }")
    }

    /// Each run is of letters that no other run has.
    private mutating func text(after before: Value?) -> Value {
        var letters: [Character] = []
        if case .text(let text) = before { letters = Array(text) }
        for _ in 0...generator.below(2) where !letters.isEmpty && generator.chance(1, in: 2) {
            let start = generator.below(letters.count)
            letters.removeSubrange(start..<min(letters.count, start + 1 + generator.below(4)))
        }
        for _ in 0...generator.below(2) {
            letters.insert(contentsOf: run(), at: generator.below(letters.count + 1))
        }
        return .text(String(letters))
    }

    mutating func run() -> [Character] {
        runs += 1
        return (0..<3).compactMap { Unicode.Scalar(0x4e00 + runs * 3 + $0).map { Character($0) } }
    }
}
