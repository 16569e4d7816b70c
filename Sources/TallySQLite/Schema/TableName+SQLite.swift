import TallyModel

extension TableName {
    /// What the table is called in a file, where there are no schemas: `shop.items` for the table `items` of schema
    /// `shop`. The point keeps it apart from a table `shop_items` of the default schema.
    var sqliteName: String { description }
}

extension TableSchema {
    /// The schema without collations that SQLite does not know: in files, texts of other stores are compared by bytes.
    var withSQLiteCollations: TableSchema {
        guard let kind = definition?.kind, kind != "sqlite" else { return self }
        var schema = self
        for index in schema.columns.indices { schema.columns[index].collation = nil }
        return schema
    }
}
