import SQLite
import TallyModel

/// A foreign key of the target, between two tables or within one.
struct ForeignKey: Sendable {
    var child: TableSchema
    var parent: TableSchema
    /// Places among the columns of the child, and for each the place of the one that it refers to.
    var pairs: [(child: Int, parent: Int)]

    /// The foreign keys that a table has.
    ///
    /// Left out are those that SQLite itself would not know what to do with: of a table or columns that are not there.
    static func all(of table: TableName, in connection: Connection) throws -> [ForeignKey] {
        let rows = try connection.all(
            """
            SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq
            """,
            .text(table.sqliteName)
        )
        guard !rows.isEmpty, let child = try Catalog.table(table.sqliteName, in: connection) else { return [] }
        var keys: [ForeignKey] = []
        var next = rows[...]
        while let first = next.first {
            let own = next.prefix { $0[0] == first[0] }
            next = next.dropFirst(own.count)
            guard let name = first[1].text, let parent = try Catalog.table(name, in: connection) else { continue }
            // Where the parent's columns are not named they are its primary key.
            let isImplied = first[3].text == nil
            if isImplied, parent.hasImplicitKey || parent.key.count != own.count { continue }
            let pairs = own.enumerated().compactMap { place, row -> (child: Int, parent: Int)? in
                guard let column = row[2].text.flatMap(child.column(folding:)) else { return nil }
                if isImplied { return (column, parent.key[place]) }
                return row[3].text.flatMap(parent.column(folding:)).map { (column, $0) }
            }
            if pairs.count == own.count { keys.append(ForeignKey(child: child, parent: parent, pairs: pairs)) }
        }
        return keys
    }

    /// The place of each referenced column among columns of the parent; `nil` where it refers to others.
    func places(among columns: [Int?]) -> [Int]? {
        let places = pairs.compactMap { pair in columns.firstIndex { $0 == pair.parent } }
        return places.count == pairs.count ? places : nil
    }

    /// Whether it refers to the table of a schema, and by other columns than those of the schema's key.
    func refersOtherwise(to schema: TableSchema) -> Bool {
        schema.isTable(parent) && places(among: keyPlaces(of: schema)) == nil
    }

    /// The places of a schema's key columns in the parent.
    func keyPlaces(of schema: TableSchema) -> [Int?] { schema.keyColumns.map { parent.column(folding: $0.name) } }
}
