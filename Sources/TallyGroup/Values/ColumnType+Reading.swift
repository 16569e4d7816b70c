import TallyMerge
package import TallyModel

/// What a value says in a column of a group.
package enum Reading: Sendable, Hashable {
    /// The same value, in the one form that the group keeps it in.
    case same(Value)
    /// What the type makes of it, which is another value: fewer digits, a moment's date.
    case rounded(Value)
    /// It does not read as one of the type.
    case foreign
}

extension ColumnType {
    /// The value in the one form that the group keeps it in; as it is where it does not read as one of the type.
    ///
    /// Equal for values that PostgreSQL takes for equal, in whatever spelling a store holds them; the canonical form of a
    /// canonical form is itself, also by way of what SQLite keeps of it.
    package func canonical(_ value: Value) -> Value {
        switch reading(value) {
        case .same(let value), .rounded(let value): value
        case .foreign: value
        }
    }

    /// The form in which a value tells rows apart: where equal values still look different, one of them.
    package func canonicalKey(_ value: Value) -> Value {
        let value = canonical(value)
        switch (self, value) {
        case (.numeric(_, nil), .decimal(let text)):
            return DecimalDigits(text).map { .decimal($0.stripped.text) } ?? value
        case (.float4, .real(let real)), (.float8, .real(let real)): return real == 0 ? .real(0) : value
        default: return value
        }
    }

    package func reading(_ value: Value) -> Reading {
        if value == .null { return .same(.null) }
        switch self {
        case .boolean: return same(boolean(value))
        case .integer: return same(integer(value))
        case .float4: return same(real(value).flatMap(Self.single))
        case .float8: return same(real(value).map { .real($0.isNaN ? .nan : $0) })
        case .numeric(let precision, let scale): return numeric(value, precision, scale)
        case .text: return same(text(value))
        case .character(let width): return same(text(value).map { Self.filled($0, to: width) })
        case .bytes: return same(bytes(value))
        case .date, .time, .timestamp: return moment(value)
        case .interval: return same(interval(value))
        case .uuid: return same(uuid(value))
        case .json, .jsonb: return same(json(value))
        case .array(let element): return same(array(value, of: element))
        case .other: return .same(plain(value))
        }
    }

    private func same(_ value: Value?) -> Reading { value.map(Reading.same) ?? .foreign }

    // MARK: Texts

    private func text(_ value: Value) -> Value? {
        switch value {
        case .text: return value
        case .integer(let integer): return .text("\(integer)")
        case .real(let real): return .text(Self.text(of: real))
        // What another type's own store writes, UTF-8 as all that PostgreSQL sends; SQLite has texts that are not.
        case .other(let other): return String(validating: other.bytes, as: UTF8.self).map(Value.text)
        case .bytes(let bytes): return String(validating: bytes, as: UTF8.self).map(Value.text)
        case .boolean(let flag): return .text("\(flag)")
        default: return value.scalar
        }
    }

    /// A value of a type that is not known, an enum or a domain among them: in the form in which SQLite keeps it.
    private func plain(_ value: Value) -> Value {
        if case .other(let other) = value {
            return String(validating: other.bytes, as: UTF8.self).map(Value.text) ?? value
        }
        return value.scalar ?? value
    }

    private static func filled(_ value: Value, to width: Int) -> Value {
        guard case .text(let text) = value else { return value }
        let count = text.unicodeScalars.count
        if count <= width { return .text(text + String(repeating: " ", count: width - count)) }
        let rest = text.unicodeScalars.dropFirst(width)
        return rest.allSatisfy { $0 == " " } ? .text(String(text.unicodeScalars.prefix(width))) : value
    }

    private func bytes(_ value: Value) -> Value? {
        switch value {
        case .bytes: value
        case .other(let other): .bytes(other.bytes)
        case .text(let text): .bytes(Array(text.utf8))
        case .uuid(let high, let low):
            .bytes([high, low].flatMap { half in withUnsafeBytes(of: half.bigEndian) { Array($0) } })
        case .array: nil
        default: if case .text(let text)? = self.text(value) { .bytes(Array(text.utf8)) } else { nil }
        }
    }

    private func uuid(_ value: Value) -> Value? {
        switch value {
        case .uuid: value
        case .text(let text): BinaryText.uuid(text)
        case .bytes(let bytes): BinaryText.uuid(bytes)
        default: nil
        }
    }

    private func json(_ value: Value) -> Value? {
        switch (self, value) {
        case (.jsonb, .json(let text)), (.jsonb, .text(let text)): JSONBText.canonical(text).map(Value.json)
        // Here the text is the value, with its spaces.
        case (_, .json): value
        case (_, .text(let text)): JSON(text) == nil ? nil : .json(text)
        case (_, .integer(let integer)): .json("\(integer)")
        case (.jsonb, .real(let real)) where real.isFinite: JSONBText.canonical("\(real)").map(Value.json)
        case (_, .real(let real)) where real.isFinite: .json("\(real)")
        default: nil
        }
    }
}
