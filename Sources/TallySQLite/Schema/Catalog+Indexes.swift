package import SQLite
import TallyModel

extension Catalog {
    /// What is unique in a table beside its primary key: constraints and indexes, in the order of their names.
    package static func uniqueIndexes(of table: String, in connection: Connection) throws -> [UniqueIndex] {
        let names = try connection.all(
            "SELECT name FROM pragma_index_list(?) WHERE \"unique\" AND origin <> 'pk' ORDER BY name",
            .text(table)
        )
        return try names.compactMap(\.first?.text).map { try uniqueIndex($0, in: connection) }
    }

    private static func uniqueIndex(_ name: String, in connection: Connection) throws -> UniqueIndex {
        let sql = try connection.first("SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?", .text(name))
        let definition = sql?.first?.text.flatMap(IndexDefinition.init)
        let rows = try connection.all(
            "SELECT cid, name, coll FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno",
            .text(name)
        )
        let terms = try rows.enumerated().map { index, row in
            let collation = row[2].text.flatMap { $0.uppercased() == "BINARY" ? nil : $0 }
            if let column = row[1].text { return UniqueIndex.Term(kind: .column(column), collation: collation) }
            guard let definition, definition.terms.count > index else {
                throw StoreError(.unsupported, "\(connection.path): the definition of index \(name) cannot be read")
            }
            return UniqueIndex.Term(kind: .expression(definition.expression(ofTerm: index)), collation: collation)
        }
        return UniqueIndex(name: name, terms: terms, condition: definition?.condition?.sql)
    }
}
