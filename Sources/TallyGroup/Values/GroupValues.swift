package import TallyModel

/// The one form in which a group keeps the values of a table, whichever member they come from.
///
/// Where members are of different kinds, values are read by the types of the seed's columns (``ColumnType``). Where all are
/// of one kind, values stay as they are, and only keys that the store takes for one are one.
package struct GroupValues: Sendable {
    /// What makes two keys of a column one.
    private enum KeyForm: Sendable {
        case exact
        case typed(ColumnType)
        /// As SQLite compares them, by the column's collation.
        case stored(collation: String)
    }

    /// For each column; `nil` where members are of one kind.
    package let types: [ColumnType]?
    private let key: [Int]
    /// For each column of the key.
    private let forms: [KeyForm]

    /// - Parameters:
    ///   - schema: The table as the group has it.
    ///   - kinds: The kinds of store that members are.
    package init(_ schema: TableSchema, kinds: Set<String>) {
        let all = schema.columns.map { ColumnType($0.declaredType, kind: schema.definition?.kind) }
        types = kinds.count > 1 ? all : nil
        key = schema.key
        forms = schema.key.map { place in
            if kinds == ["sqlite"] {
                return .stored(collation: schema.columns[place].collation?.uppercased() ?? "BINARY")
            }
            switch all[place] {
            case _ where kinds.count > 1: return .typed(all[place])
            // Elsewhere one value has one form.
            case .numeric, .float4, .float8: return .typed(all[place])
            default: return .exact
            }
        }
    }

    /// The row with its values in their forms.
    ///
    /// - Returns: Also whether a value became another by that, because its type has no place for all of it.
    func row(_ row: Row) -> (row: Row, isRounded: Bool) {
        guard let types else { return (row, false) }
        var row = row
        var isRounded = false
        for column in types.indices where column < row.values.count {
            guard let value = row[column] else { continue }
            switch types[column].reading(value) {
            case .same(let value): row[column] = value
            case .rounded(let value):
                row[column] = value
                isRounded = true
            case .foreign: continue
            }
        }
        for (column, value) in zip(key, identity(of: row.picking(key)).values) { row[column] = value }
        return (row, isRounded)
    }

    /// The key by which the row with this one is known.
    package func identity(of key: Row) -> Row {
        Row(
            zip(forms, key.values).map { form, value in
                guard let value else { return nil }
                switch form {
                case .exact: return value
                case .typed(let type): return type.canonicalKey(value)
                case .stored(let collation): return Self.stored(value, collation)
                }
            }
        )
    }

    /// The first column of a row, by its name, that holds what does not read as a value of its type.
    func foreign(_ row: Row) -> Int? {
        guard let types else { return nil }
        return types.indices.first { column in
            guard column < row.values.count, let value = row[column], types[column].isReadStrictly else { return false }
            return types[column].reading(value) == .foreign
        }
    }

    /// SQLite takes a whole real and an integer for equal, and texts by the column's collation.
    private static func stored(_ value: Value, _ collation: String) -> Value {
        switch (value, collation) {
        case (.real(let real), _): return Int64(exactly: real).map(Value.integer) ?? value
        case (.text(let text), "NOCASE"):
            // ASCII alone has case there.
            return .text(String(decoding: text.utf8.map { 0x41...0x5a ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self))
        case (.text(let text), "RTRIM"):
            let kept = text.utf8.reversed().drop { $0 == 0x20 }.reversed()
            return .text(String(decoding: Array(kept), as: UTF8.self))
        default: return value
        }
    }
}

extension ColumnType {
    /// Whether what does not read as the type must not be left to a store, which could read another value in it.
    fileprivate var isReadStrictly: Bool {
        switch self {
        case .text, .character, .other, .json, .jsonb, .bytes: false
        default: true
        }
    }
}
