extension ValueShape {
    /// Shapes that take the same values from other kinds of store.
    enum Family: Sendable, Hashable {
        case boolean, integer, number, text, bytes, date, time, timestamp, interval, uuid, json, array, other
    }

    var family: Family {
        switch self {
        case .boolean: .boolean
        case .int2, .int4, .int8: .integer
        case .float4, .float8, .numeric: .number
        case .text: .text
        case .bytea: .bytes
        case .date: .date
        case .time: .time
        case .timestamp, .timestamptz: .timestamp
        case .interval: .interval
        case .uuid: .uuid
        case .json, .jsonb: .json
        case .array: .array
        case .other: .other
        }
    }

    /// Whether the integer is in the range of this integer type.
    func holds(_ integer: Int64) -> Bool {
        switch self {
        case .int2: Int16(exactly: integer) != nil
        case .int4: Int32(exactly: integer) != nil
        default: true
        }
    }
}
