import TallyMerge
import TallyModel

/// Arrays, and what SQLite has in their place: JSON.
extension ColumnType {
    func array(_ value: Value, of element: ColumnType) -> Value? {
        switch value {
        case .array(let values):
            let read = values.compactMap { one in
                if case .array = one { array(one, of: element) } else { element.canonical(one) }
            }
            return read.count == values.count ? .array(read) : nil
        case .json(let text), .text(let text): return JSON(text).flatMap { elements($0, of: element) }
        default: return nil
        }
    }

    private func elements(_ json: JSON, of element: ColumnType) -> Value? {
        guard let elements = json.elements else { return nil }
        var values: [Value] = []
        for one in elements {
            if case .array = one.content, element != .json, element != .jsonb {
                guard let inner = self.elements(one, of: element) else { return nil }
                values.append(inner)
            } else {
                guard let value = Self.value(one, of: element), case .same(let read) = element.reading(value) else {
                    return nil
                }
                values.append(read)
            }
        }
        return .array(values)
    }

    /// What an element of a JSON array is as an element of an array of PostgreSQL's.
    private static func value(_ json: JSON, of element: ColumnType) -> Value? {
        switch (json.content, element) {
        case (.null, _): return .null
        case (_, .json), (_, .jsonb): return .json(json.text)
        case (.boolean(let flag), _): return .boolean(flag)
        case (.number, .float4), (.number, .float8): return Double(json.text).map(Value.real)
        case (.number, _): return .text(json.text)
        case (.string(let bytes), .bytes):
            return BinaryText.hexadecimal(String(decoding: bytes, as: UTF8.self)).map(Value.bytes)
        case (.string(let bytes), _): return String(validating: bytes, as: UTF8.self).map(Value.text)
        default: return nil
        }
    }
}
