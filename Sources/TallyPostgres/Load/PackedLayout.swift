/// What the fields of packed rows are: the text of ``PackedRows/layout``.
///
/// Rows may be copied as they are into columns of the same names and types. Their pieces together are one whole COPY
/// of ``form``, with header and trailer where the form has them.
package struct PackedLayout: Sendable, Hashable {
    package struct Field: Sendable, Hashable {
        package var name: String
        /// As `format_type` has it in the source.
        package var typeName: String
    }

    /// COPY's binary form, as ``PackedRows/form``.
    package static let binaryForm = "postgres-binary"
    /// COPY's text form, as ``PackedRows/form``.
    package static let textForm = "postgres-text"

    package var fields: [Field]

    package init(_ columns: [PostgresColumn]) {
        fields = columns.map { Field(name: $0.name, typeName: $0.typeName) }
    }

    /// Reads ``text``; `nil` for any other text.
    package init?(_ text: String) {
        let parts = text.split(separator: "\0", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count.isMultiple(of: 2) else { return nil }
        fields = stride(from: 0, to: parts.count, by: 2).map { Field(name: parts[$0], typeName: parts[$0 + 1]) }
    }

    /// Names and types in turn, with zeros between them, which neither can hold.
    package var text: String { fields.map { "\($0.name)\0\($0.typeName)" }.joined(separator: "\0") }
}

extension CopyFormat {
    /// The form as ``PackedRows/form`` names it.
    package var packedForm: String {
        switch self {
        case .binary: PackedLayout.binaryForm
        case .text: PackedLayout.textForm
        }
    }
}
