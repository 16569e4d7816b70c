import Foundation
import TallyModel

/// What a position of a polled source holds beside its order: what was seen, and the mark of each table.
struct PolledMarks: Codable, Hashable, Sendable {
    struct Entry: Codable, Hashable, Sendable {
        /// The cursor column that the mark was read from.
        var column: String
        var mark: String?
        var floor: String?
        var shape: String
    }

    var capture: CursorRule.Kind
    var snapshot: String
    var tables: [String: Entry]

    init(_ kind: CursorRule.Kind, _ snapshot: ServerSnapshot, tables: [PolledTable]) {
        capture = kind
        self.snapshot = snapshot.description
        let entries = tables.map { table in
            (
                table.name.description,
                Entry(column: table.column.name, mark: table.mark, floor: table.floor, shape: table.shape)
            )
        }
        self.tables = Dictionary(entries) { first, _ in first }
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

    /// The marks to go on from; `nil`, which is to read the whole table, where the table or its column is another.
    func entry(of table: TableName, column: String, kind: CursorRule.Kind) -> Entry? {
        guard capture == kind, let entry = tables[table.description], entry.column == column else { return nil }
        return entry
    }
}
