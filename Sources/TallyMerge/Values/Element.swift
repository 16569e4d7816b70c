internal import TallyModel

/// One element of a column that holds a set, whichever way its store writes sets.
struct Element: Sendable {
    private enum Spelling: Sendable {
        case json(JSON)
        case value(Value)
    }

    /// Equal for elements that are equal: the text `a` of a PostgreSQL array is the string `"a"` of a JSON one.
    let identity: [UInt8]
    private let spelling: Spelling

    private init(_ json: JSON) {
        identity = json.identity
        spelling = .json(json)
    }

    private init(_ value: Value) {
        spelling = .value(value)
        identity = Self.identity(of: value)
    }

    /// The elements of an array, each once, or nil when the value is none.
    static func elements(of value: Value?) -> [Element]? {
        let all: [Element]
        switch value {
        case .array(let values): all = values.map { Element($0) }
        case .json(let text), .text(let text):
            guard let elements = JSON(text)?.elements else { return nil }
            all = elements.map { Element($0) }
        default: return nil
        }
        var seen: Set<[UInt8]> = []
        return all.filter { seen.insert($0.identity).inserted }
    }

    /// The elements as a value of the same form as another.
    static func value(of elements: [Element], like form: Value?) -> Value {
        switch form {
        case .array: .array(elements.map(\.value))
        case .text: .text(JSON(elements: elements.map(\.json)).text)
        default: .json(JSON(elements: elements.map(\.json)).text)
        }
    }

    private static func identity(of value: Value) -> [UInt8] {
        var bytes: [UInt8] = []
        switch value {
        case .null: bytes.append(UInt8(ascii: "n"))
        case .boolean(let flag): bytes.append(UInt8(ascii: flag ? "t" : "f"))
        case .integer, .decimal, .real:
            if let number = Number(value) { JSON.append(JSON.number(number.text.utf8), tag: "#", to: &bytes) }
        case .text(let text): JSON.append(Array(text.utf8), tag: "\"", to: &bytes)
        case .json(let text): bytes = JSON(text)?.identity ?? []
        case .array(let values):
            JSON.append(Array("\(values.count)".utf8), tag: "[", to: &bytes)
            for value in values { bytes += identity(of: value) }
        default: break
        }
        return bytes.isEmpty ? RowCoding.encode(Row([value])) : bytes
    }

    private var value: Value {
        switch spelling {
        case .value(let value): return value
        case .json(let json):
            switch json.content {
            case .null: return .null
            case .boolean(let flag): return .boolean(flag)
            case .string(let bytes): return .text(String(decoding: bytes, as: UTF8.self))
            case .number: return Int64(json.text).map { .integer($0) } ?? .decimal(json.text)
            case .array, .object: return .json(json.text)
            }
        }
    }

    private var json: JSON {
        switch spelling {
        case .json(let json): json
        case .value(let value): JSON(value)
        }
    }
}

extension Number {
    fileprivate var text: String {
        switch self {
        case .integer(let integer): "\(integer)"
        case .decimal(let exact): exact.text
        case .real(let real): "\(real)"
        }
    }
}

extension JSON {
    /// The nearest that JSON has to a value; of kinds it does not have, their bytes as a string of hexadecimal digits.
    fileprivate init(_ value: Value) {
        let text: String
        switch value {
        case .null: text = "null"
        case .boolean(let flag): text = "\(flag)"
        case .integer(let integer): text = "\(integer)"
        case .real(let real) where real.isFinite: text = "\(real)"
        case .decimal(let decimal) where Number(value) != nil: text = decimal
        case .text(let string): text = Self.quoted(string)
        case .json(let document) where JSON(document) != nil: text = document
        case .array(let values):
            self = JSON(elements: values.map { JSON($0) })
            return
        default: text = Self.quoted(RowCoding.encode(Row([value])).map { Self.hexadecimal($0) }.joined())
        }
        self = JSON(text) ?? JSON(content: .null, spelled: ArraySlice("null".utf8))
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    private static func quoted(_ string: String) -> String {
        var result = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case ..<" ": result += "\\u00" + hexadecimal(UInt8(scalar.value))
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
