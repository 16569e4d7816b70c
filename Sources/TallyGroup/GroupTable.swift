import TallyMerge
package import TallyModel

/// One table of a group: its columns are the seed's, by name, and every member's rows are brought into their order.
package struct GroupTable: Sendable {
    let number: Int
    let schema: TableSchema
    let merge: MergeTable
    /// The columns whose values are numbers, however a member writes them; none where members are of one kind.
    let numbers: Set<Int>

    init(number: Int, schema: TableSchema, settings: GroupTableSettings, actors: [String: [Actor]], isMixed: Bool) {
        self.number = number
        self.schema = schema
        let other = settings.other.resolved(actors)
        let rules = MergeRules(
            columns: schema.columns.map { settings.columns[$0.name]?.resolved(actors) ?? other },
            other: other,
            delete: settings.delete
        )
        numbers = isMixed ? Set(schema.columns.indices.filter { Self.isNumber(schema.columns[$0].declaredType) }) : []
        merge = MergeTable(
            rules: rules,
            kinds: schema.columns.map { _ in isMixed ? .mixed : .exact }
        )
    }

    private static func isNumber(_ type: String) -> Bool {
        let type = type.lowercased()
        return !type.hasSuffix("[]")
            && ["numeric", "decimal", "double", "real", "float"].contains(where: type.hasPrefix)
    }

    func id(of key: Row) -> RowID { RowID(table: number, key: RowCoding.encode(key)) }

    /// The seed's table as the group has it: without columns that stores compute.
    package static func schema(from seed: TableSchema) -> TableSchema {
        let kept = seed.columns.indices.filter { !seed.columns[$0].isGenerated || seed.key.contains($0) }
        var schema = seed
        schema.columns = kept.map { seed.columns[$0] }
        schema.key = seed.key.compactMap { kept.firstIndex(of: $0) }
        return schema
    }
}

/// How one member's rows of a table become the group's, and back.
struct TableBridge: Sendable {
    let table: GroupTable
    /// For each column of the group's table, its place in the member's rows; `nil` where the member has no such column.
    private let places: [Int?]
    private let isIdentity: Bool
    /// The member's own key columns, as places in the group's key.
    private let key: [Int]

    /// - Throws: ``StoreError`` with code `incompatibleSchema` where the keys differ.
    init(_ table: GroupTable, member schema: TableSchema, named member: String) throws {
        self.table = table
        places = table.schema.columns.map { schema.column(named: $0.name) }
        isIdentity = places.elementsEqual(schema.columns.indices.map { $0 }, by: { $0 == $1 })
        let names = schema.keyColumns.map(\.name)
        key = table.schema.keyColumns.compactMap { names.firstIndex(of: $0.name) }
        guard key.count == names.count, names.count == table.schema.key.count else {
            throw StoreError(
                .incompatibleSchema,
                "in \(member) the key is (\(names.joined(separator: ", "))), in the group "
                    + "(\(table.schema.keyColumns.map(\.name).joined(separator: ", "))); one row has to have one key everywhere",
                table: schema.name
            )
        }
    }

    /// The member's row in the group's columns.
    func row(_ row: Row) -> Row {
        var row = isIdentity ? row : Row(places.map { place in place.flatMap { row[$0] } })
        for column in table.numbers where column < row.values.count {
            // A file keeps an exact number as text.
            if case .text(let text)? = row[column], let number = Value(number: text) { row[column] = number }
        }
        return row
    }

    /// The identity of a row of the group's columns.
    func id(of row: Row) -> RowID { table.id(of: row.picking(table.schema.key)) }

    /// The identity of the row with a key in the member's order.
    func id(ofKey key: Row) -> RowID { table.id(of: key.picking(self.key)) }

    func changes(_ change: Change, time: Timestamp?) -> RowChange {
        switch change.operation {
        case .truncate: return .truncate(table: table.number)
        case .delete: return .delete(id(of: row(change.row)), time: time)
        case .insert, .update:
            let row = row(change.row)
            let id = id(of: row)
            guard let former = change.formerKey.map({ self.id(ofKey: $0) }), former != id else {
                return .put(id, row, time: time)
            }
            return .move(from: former, to: id, row, time: time)
        }
    }
}
