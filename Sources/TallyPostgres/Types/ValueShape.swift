/// What form a type's values take in Tally, and so which codec reads and writes them.
package indirect enum ValueShape: Sendable, Hashable, Codable {
    case boolean, int2, int4, int8, float4, float8, numeric
    /// text, varchar, char(n), name, citext, xml and the labels of enums: ``Value/text(_:)`` as they are written.
    case text
    case bytea, date, time, timestamp, timestamptz, interval, uuid, json, jsonb
    /// Of any number of dimensions; ``Value/array(_:)``, nested.
    case array(element: ValueShape, elementType: UInt32)
    /// Everything else: ``Value/other(_:)`` with the type's name and the value as the server writes it as text.
    case other

    /// Whether values can be read and written in the server's binary form; all can as text.
    package var hasBinaryForm: Bool {
        switch self {
        case .other: false
        case .array(let element, _): element.hasBinaryForm
        default: true
        }
    }
}
