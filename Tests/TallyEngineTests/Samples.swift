import TallyModel

/// A table `items(id, a, b)` with key `id`, and changes of its rows.
enum Samples {
    static let items = TableSchema(
        name: TableName("items"),
        columns: [Column(id: 1, name: "id"), Column(id: 2, name: "a"), Column(id: 3, name: "b")],
        key: [0]
    )

    static func key(_ id: Int64) -> Row { Row([.integer(id)]) }

    static func insert(_ id: Int64, _ a: Int64, _ b: Int64 = 0) -> Change {
        Change(.insert, table: 0, row: Row([.integer(id), .integer(a), .integer(b)]))
    }

    /// `nil` leaves a column out.
    static func update(_ id: Int64, _ a: Int64?, _ b: Int64? = nil, from former: Int64? = nil) -> Change {
        let row = Row([.integer(id), a.map(Value.integer), b.map(Value.integer)])
        return Change(.update, table: 0, row: row, formerKey: former.map(key))
    }

    static func delete(_ id: Int64) -> Change {
        Change(.delete, table: 0, row: Row([.integer(id), nil, nil]))
    }

    static func slice(_ changes: [Change], end: UInt64? = 1, of schema: TableSchema = items) -> Slice {
        Slice(
            tables: [schema],
            changes: changes,
            end: end.map { Commit(position: Position(order: $0)) },
            byteCount: changes.reduce(0) { $0 + $1.byteCount }
        )
    }

    static func letter(_ change: Change, id: Int64 = 0, of schema: TableSchema = items) -> DeadLetter {
        DeadLetter(
            id: id,
            flow: "flow",
            schema: schema,
            change: change,
            key: change.row.picking(schema.key),
            reason: "refused",
            position: Position(order: 1),
            firstSeen: Timestamp(microseconds: 1),
            lastSeen: Timestamp(microseconds: 1)
        )
    }
}
