import Foundation
import TallyModel

/// What a position of a polled source holds beside its order: the mark of each table.
struct PolledMarks: Codable, Hashable, Sendable {
    struct Entry: Codable, Hashable, Sendable {
        /// The cursor column that the mark was read from.
        var column: String
        /// The greatest value that polls have passed, with its storage class; absent while the table has none.
        var mark: String?
        var shape: String
    }

    var capture: String
    /// The file's `schema_version`.
    var schema: Int64
    var tables: [String: Entry]

    init(_ kind: CursorRule.Kind, schema: Int64, tables: [PolledTable]) {
        capture = kind.rawValue
        self.schema = schema
        self.tables = [:]
        for table in tables {
            self.tables[table.name.name] = Entry(
                column: table.cursorName,
                mark: table.mark.flatMap(Self.encode),
                shape: table.schema.shape
            )
        }
    }

    /// - Throws: `DecodingError` for a detail that no polled source wrote.
    init(detail: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(detail.utf8))
    }

    func detail() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// The mark to go on from; `nil`, which is to read the whole table, where the table or its column is another.
    func mark(of table: TableName, column: String, kind: CursorRule.Kind) -> Value? {
        guard capture == kind.rawValue, let entry = tables[table.name], entry.column == column else { return nil }
        return entry.mark.flatMap(Self.decode)
    }

    private static func encode(_ value: Value) -> String? {
        switch value {
        case .integer(let integer): "i\(integer)"
        // The bits, because a decimal text need not come back as the same number.
        case .real(let real): "r\(String(real.bitPattern, radix: 16))"
        case .text(let text): "t\(text)"
        default: nil
        }
    }

    private static func decode(_ text: String) -> Value? {
        let rest = String(text.dropFirst())
        return switch text.first {
        case "i": Int64(rest).map(Value.integer)
        case "r": UInt64(rest, radix: 16).map { .real(Double(bitPattern: $0)) }
        case "t": .text(rest)
        default: nil
        }
    }
}
