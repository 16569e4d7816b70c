import TallyModel

/// Letters, tables and times that the tests share.
enum Samples {
    static let orders = TableSchema(
        name: TableName("orders"),
        columns: [
            Column(id: 1, name: "id", declaredType: "INTEGER", isNullable: false),
            Column(id: 2, name: "note", declaredType: "TEXT", collation: "NOCASE"),
            Column(id: 3, name: "photo", declaredType: "BLOB"),
        ],
        key: [0],
        version: 3,
        definition: NativeDefinition(kind: "sqlite", table: "CREATE TABLE orders (…)", afterLoad: ["CREATE INDEX i …"])
    )

    static let archived = TableSchema(
        name: TableName("orders", schema: "archive"),
        columns: [Column(id: 1, name: "id")],
        key: [0]
    )

    static func time(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: seconds * 1_000_000) }

    static func letter(
        flow: String = "shop",
        schema: TableSchema = orders,
        key: Value = .integer(7),
        row: [Value?] = [.integer(7), .text("naïve"), .bytes([0, 255])],
        reason: String = "CHECK constraint failed: orders",
        seen: Int64 = 100
    ) -> DeadLetter {
        DeadLetter(
            flow: flow,
            schema: schema,
            change: Change(.update, table: 0, row: Row(row), formerKey: Row([.integer(6)])),
            key: Row([key]),
            reason: reason,
            position: Position(order: 42, detail: "epoch 1"),
            firstSeen: time(seen),
            lastSeen: time(seen)
        )
    }
}
