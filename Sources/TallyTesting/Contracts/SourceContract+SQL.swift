import TallyModel

extension SourceContract.Write {
    /// The statement that does it, in words that every SQL store knows.
    package var sql: String {
        switch self {
        case .insert(let row): return "INSERT INTO thing VALUES (\(Self.literals(row).joined(separator: ", ")));"
        case .update(let row, let key):
            let values = zip(Thing.schema.columns, Self.literals(row)).map { "\($0.name) = \($1)" }
            return "UPDATE thing SET \(values.joined(separator: ", ")) WHERE id = \(Self.literals(key)[0]);"
        case .delete(let key): return "DELETE FROM thing WHERE id = \(Self.literals(key)[0]);"
        }
    }

    private static func literals(_ row: Row) -> [String] {
        row.values.map { value in
            switch value {
            case .integer(let integer): String(integer)
            case .text(let text): "'\(text)'"
            default: "NULL"
            }
        }
    }
}
