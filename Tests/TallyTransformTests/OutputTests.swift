import TallyModel
import TallyTransform
import Testing

@Suite("What a transform makes of a table")
struct OutputTests {
    @Test("settings that say nothing change nothing")
    func identity() throws {
        let transform = try RowTransform(TransformSettings(), schema: Customers.schema)
        #expect(TransformSettings().isIdentity)
        #expect(transform.output == Customers.schema)
        #expect(try transform.row(Customers.ada) == Customers.ada)
    }

    @Test("dropped, renamed and computed columns keep their order and ids, and the table takes its new name")
    func shape() throws {
        let settings = TransformSettings(
            set: ["email": "sha256(email)", "initial": "substr(name, 1, 1)"],
            drop: ["country"],
            rename: ["name": "full_name", "email": "email_hash"],
            table: "people"
        )
        let transform = try RowTransform(settings, schema: Customers.schema)
        let output = transform.output
        #expect(output.name == TableName("people"))
        #expect(output.columns.map(\.name) == ["id", "full_name", "email_hash", "credit", "initial"])
        #expect(output.columns.map(\.id) == [1, 2, 3, 5, 100_001])
        #expect(output.columns.map(\.declaredType) == ["INTEGER", "TEXT", "", "NUMERIC(10,2)", ""])
        #expect(output.columns[2].isNullable && output.columns[2].collation == nil)
        #expect(output.key == [0])
        #expect(output.version == 7)
        #expect(output.definition?.renames == ["name": "full_name", "email": "email_hash"])
        #expect(output.definition?.removed == ["country"])
        #expect(output.definition?.computed == ["email_hash", "initial"])
        // printf 'Ada@Example.org' | sha256sum
        let hash = "4c112e4a05bd9b1f03db7228e7bdb61be161eb87cc4bf98ac7995a6431b29065"
        #expect(
            try transform.row(Customers.ada)?.values
                == [.integer(1), .text("Ada"), .text(hash), .integer(1200), .text("A")]
        )
    }

    @Test("a key of several columns follows its columns when one before it is dropped")
    func compositeKey() throws {
        let schema = TableSchema(
            name: TableName("lines"),
            columns: ["note", "line", "order"].enumerated().map { Column(id: $0 + 1, name: $1) },
            key: [2, 1]
        )
        let transform = try RowTransform(
            TransformSettings(drop: ["note"], rename: ["order": "order_id"]),
            schema: schema
        )
        #expect(transform.output.keyColumns.map(\.name) == ["order_id", "line"])
        let key = transform.key(Row([nil, .integer(3), .integer(10)]))
        #expect(key.values == [.integer(3), .integer(10)])
    }

    @Test("the key of a row is all that a delete brings, whatever else is known")
    func keyAlone() throws {
        let settings = TransformSettings(where: "country = 'XX'", set: ["name": "upper(name)"])
        let transform = try RowTransform(settings, schema: Customers.schema)
        #expect(transform.key(Customers.ada).values == [.integer(1), nil, nil, nil, nil])
    }

    @Test("a hidden key passes, and an expression may read it")
    func hiddenKey() throws {
        let schema = TableSchema(
            name: TableName("log"),
            columns: [
                Column(id: 0, name: "rowid", declaredType: "INTEGER", isHidden: true), Column(id: 1, name: "line"),
            ],
            key: [0]
        )
        let transform = try RowTransform(TransformSettings(where: "rowid > 1", drop: ["line"]), schema: schema)
        #expect(transform.output.hasImplicitKey)
        #expect(try transform.row(Row([.integer(1), .text("a")])) == nil)
        #expect(try transform.row(Row([.integer(2), .text("a")]))?.values == [.integer(2)])
    }

    @Test("a generated column arrives as a value and stays one; computed anew it is generated no more")
    func generatedColumns() throws {
        var schema = Customers.schema
        schema.columns[4].isGenerated = true
        #expect(try RowTransform(TransformSettings(drop: ["name"]), schema: schema).output.columns[3].isGenerated)
        let set = TransformSettings(set: ["credit": "credit + 1"])
        let transform = try RowTransform(set, schema: schema)
        #expect(!transform.output.columns[4].isGenerated)
        #expect(try transform.row(Customers.ada)?[4] == .integer(1201))
    }

    @Test("two columns may change names with each other")
    func swap() throws {
        let settings = TransformSettings(rename: ["name": "country", "country": "name"])
        let transform = try RowTransform(settings, schema: Customers.schema)
        #expect(transform.output.columns.map(\.name) == ["id", "country", "email", "name", "credit"])
    }

    @Test("what an earlier step removed from the definition stays removed")
    func accumulates() throws {
        var schema = Customers.schema
        schema.definition?.removed = ["fax"]
        let output = try RowTransform(TransformSettings(drop: ["name"]), schema: schema).output
        #expect(output.definition?.removed == ["fax", "name"])
    }
}
