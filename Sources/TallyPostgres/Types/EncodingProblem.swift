/// Why a value cannot be written into a column. Says nothing of the value itself.
package struct EncodingProblem: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Reason: Sendable, Hashable {
        case zeroCharacter
        case notText
        case outOfRange
        /// The kind of value has no meaning in a column of this type.
        case unsuitable(String)
        /// The key is one of several that would become one: what is wrong with it.
        case ambiguousKey(String)
        /// The source did not send the value, or NULL came where only values can be.
        case missing
    }

    package var reason: Reason
    package var column: String?
    package var typeName: String?

    package init(_ reason: Reason, column: String? = nil, typeName: String? = nil) {
        self.reason = reason
        self.column = column
        self.typeName = typeName
    }

    package var description: String {
        let what =
            switch reason {
            case .zeroCharacter: "a text holds the character U+0000, which PostgreSQL cannot store"
            case .notText: "bytes that are no UTF-8 text cannot be stored"
            case .outOfRange: "a number is out of range"
            case .unsuitable(let kind): "\(kind) cannot be stored"
            case .ambiguousKey(let fault):
                "the key \(fault), and another key that the source tells from it could become the same row"
            case .missing: "the source did not send the value"
            }
        let place = column.map { ", column \($0)" } ?? ""
        return what + place + (typeName.map { ", type \($0)" } ?? "")
    }

    func adding(_ column: PostgresColumn) -> EncodingProblem {
        EncodingProblem(reason, column: column.name, typeName: column.typeName)
    }
}
