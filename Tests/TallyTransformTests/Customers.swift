import TallyModel

/// The table that most of these tests transform.
enum Customers {
    static let schema = TableSchema(
        name: TableName("customers"),
        columns: [
            Column(id: 1, name: "id", declaredType: "INTEGER", isNullable: false),
            Column(id: 2, name: "name", declaredType: "TEXT"),
            Column(id: 3, name: "email", declaredType: "TEXT", isNullable: false, collation: "NOCASE"),
            Column(id: 4, name: "country", declaredType: "TEXT"),
            Column(id: 5, name: "credit", declaredType: "NUMERIC(10,2)"),
        ],
        key: [0],
        version: 7,
        definition: NativeDefinition(kind: "sqlite", table: "CREATE TABLE customers(…)")
    )

    static let ada = Row([.integer(1), .text("Ada"), .text("Ada@Example.org"), .text("GB"), .integer(1200)])
}
