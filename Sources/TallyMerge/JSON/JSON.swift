/// A JSON document (RFC 8259) that remembers how it was spelled, so that what nobody touched stays as it was.
package struct JSON: Sendable {
    package enum Content: Sendable {
        case null
        case boolean(Bool)
        case number
        /// Unescaped, as UTF-8; a lone surrogate as if it were a scalar, in three bytes.
        case string([UInt8])
        case array([JSON])
        /// In the order of the text; of several members with one name, the last.
        case object([Member])
    }

    package struct Member: Sendable {
        /// Unescaped, as in ``Content/string(_:)``.
        package var name: [UInt8]
        /// With its quotes.
        var spelledName: ArraySlice<UInt8>
        package var value: JSON
    }

    package var content: Content
    var spelled: ArraySlice<UInt8>

    /// Nil for text that is no JSON document, or one nested too deeply to follow.
    package init?(_ text: String) {
        var parser = JSONParser(bytes: Array(text.utf8))
        guard let document = parser.document() else { return nil }
        self = document
    }

    init(content: Content, spelled: ArraySlice<UInt8>) {
        self.content = content
        self.spelled = spelled
    }

    /// An array of the elements, without spaces.
    init(elements: [JSON]) {
        let body = elements.map(\.spelled).joined(separator: CollectionOfOne(UInt8(ascii: ",")))
        content = .array(elements)
        spelled = ArraySlice([UInt8(ascii: "[")] + body + [UInt8(ascii: "]")])
    }

    /// An object of the members, without spaces.
    init(members: [Member]) {
        let body = members.map { $0.spelledName + CollectionOfOne(UInt8(ascii: ":")) + $0.value.spelled }
            .joined(separator: CollectionOfOne(UInt8(ascii: ",")))
        content = .object(members)
        spelled = ArraySlice([UInt8(ascii: "{")] + body + [UInt8(ascii: "}")])
    }

    package var text: String { String(decoding: spelled, as: UTF8.self) }

    package var elements: [JSON]? {
        if case .array(let elements) = content { elements } else { nil }
    }

    var members: [Member]? {
        if case .object(let members) = content { members } else { nil }
    }

    /// The values of an object's members; empty for anything else.
    var byName: [[UInt8]: JSON] {
        Dictionary((members ?? []).map { ($0.name, $0.value) }) { _, last in last }
    }
}
