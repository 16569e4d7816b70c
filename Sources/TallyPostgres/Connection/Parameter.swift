/// A value for a place `$n` in a statement.
package struct Parameter: Sendable, Hashable {
    /// `nil` for NULL.
    package var bytes: [UInt8]?
    package var isBinary: Bool
    /// The server's object identifier of its type; 0 to let the server find out.
    package var type: UInt32

    package init(bytes: [UInt8]?, isBinary: Bool, type: UInt32 = 0) {
        self.bytes = bytes
        self.isBinary = isBinary
        self.type = type
    }

    package static func text(_ text: String?) -> Parameter {
        Parameter(bytes: text.map { Array($0.utf8) }, isBinary: false)
    }

    package static func integer(_ integer: some BinaryInteger) -> Parameter { .text(String(integer)) }

    /// A `text[]`, for `= ANY($n)`.
    package static func texts(_ texts: [String]) -> Parameter {
        let items = texts.map { text in
            "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        return Parameter(bytes: Array("{\(items.joined(separator: ","))}".utf8), isBinary: false, type: 1009)
    }
}

/// One statement of a pipeline.
package struct Command: Sendable {
    package var sql: String
    package var parameters: [Parameter]
    /// Whether the statement is compiled once per connection and kept. Its parameter types are those of its first use.
    package var isKept: Bool

    package init(_ sql: String, _ parameters: [Parameter] = [], isKept: Bool = true) {
        self.sql = sql
        self.parameters = parameters
        self.isKept = isKept
    }
}
