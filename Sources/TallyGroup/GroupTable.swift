import TallyMerge
package import TallyModel

/// One table of a group: its columns are the seed's, by name, and every member's rows are brought into their order.
package struct GroupTable: Sendable {
    let number: Int
    let schema: TableSchema
    let merge: MergeTable
    let values: GroupValues

    /// - Parameter kinds: The kinds of store that the group's members are; where they are not known, the seed's counts.
    init(
        number: Int,
        schema: TableSchema,
        settings: GroupTableSettings,
        actors: [String: [Actor]],
        kinds known: Set<String> = []
    ) {
        let kinds = known.isEmpty ? Set([schema.definition?.kind].compactMap(\.self)) : known
        self.number = number
        self.schema = schema
        let other = settings.other.resolved(actors)
        let rules = MergeRules(
            columns: schema.columns.map { settings.columns[$0.name]?.resolved(actors) ?? other },
            other: other,
            delete: settings.delete
        )
        values = GroupValues(schema, kinds: kinds)
        let isMixed = kinds.count > 1
        merge = MergeTable(
            rules: rules,
            kinds: schema.columns.map { _ in isMixed ? .mixed : .exact }
        )
    }

    /// The identity of the row with a key, in whatever spelling.
    func id(of key: Row) -> RowID { identity(values.identity(of: key)) }

    /// The identity of the row with a key as ``GroupValues/identity(of:)`` has it.
    func identity(_ key: Row) -> RowID { RowID(table: number, key: KeyCoding.encode(key)) }

    /// The identities that a row with a key may have, whether members are of one kind or not.
    func ids(of key: Row) -> [RowID] {
        let mixed = GroupValues(schema, kinds: ["postgres", "sqlite"])
        return [id(of: key), RowID(table: number, key: KeyCoding.encode(mixed.identity(of: key)))]
    }

    /// The seed's table as the group has it: without columns that stores compute.
    package static func schema(from seed: TableSchema) -> TableSchema {
        let kept = seed.columns.indices.filter { !seed.columns[$0].isGenerated || seed.key.contains($0) }
        var schema = seed
        schema.columns = kept.map { seed.columns[$0] }
        schema.key = seed.key.compactMap { kept.firstIndex(of: $0) }
        return schema
    }
}
