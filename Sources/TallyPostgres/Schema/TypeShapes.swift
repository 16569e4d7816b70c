/// The server's types, as far as it takes to know what shape their values have.
struct TypeShapes {
    /// One row of `pg_type`.
    struct Entry {
        /// `pg_catalog.int4`, `public.citext`.
        var name: String
        /// `typtype`: b, c, d, e, m, p, r.
        var kind: Character
        /// `typcategory`; `A` for arrays.
        var category: Character
        var base: UInt32
        var element: UInt32
        var arrayType: UInt32
        /// `typlen`; -1 for types of any length.
        var length: Int
        var delimiter: String
    }

    private let entries: [UInt32: Entry]

    init(_ entries: [UInt32: Entry]) {
        self.entries = entries
    }

    func arrayType(of type: UInt32) -> UInt32 { entries[type]?.arrayType ?? 0 }

    func shape(of type: UInt32) -> ValueShape {
        guard let entry = entries[type] else { return .other }
        switch entry.kind {
        case "d": return shape(of: entry.base)
        case "e": return .text
        case "b": break
        default: return .other
        }
        if let shape = Self.builtIn[type] { return shape }
        if isArray(type, entry) {
            // The delimiter is a comma for all types but box.
            guard entries[entry.element]?.delimiter == "," else { return .other }
            return .array(element: shape(of: entry.element), elementType: entry.element)
        }
        // citext is made by an extension, so that only its name is known.
        return entry.name.hasSuffix(".citext") ? .text : .other
    }

    /// `int2vector` and `oidvector` are arrays by name, and written another way.
    private func isArray(_ type: UInt32, _ entry: Entry) -> Bool {
        entry.category == "A" && entry.element != 0 && entry.length == -1 && ![22, 30].contains(type)
    }

    /// By the object identifiers that never change (`pg_type.dat`).
    private static let builtIn: [UInt32: ValueShape] = [
        16: .boolean, 21: .int2, 23: .int4, 20: .int8, 700: .float4, 701: .float8, 1700: .numeric,
        25: .text, 1043: .text, 1042: .text, 19: .text, 142: .text, 17: .bytea, 1082: .date, 1083: .time,
        1114: .timestamp, 1184: .timestamptz, 1186: .interval, 2950: .uuid, 114: .json, 3802: .jsonb,
    ]
}
