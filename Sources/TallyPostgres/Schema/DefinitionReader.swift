import TallyModel

/// Reads what it takes to make tables in another database, with a few statements for all of them.
struct DefinitionReader {
    private let connection: PostgresConnection

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// By the tables' object identifiers. To be called in a catalog snapshot.
    func blueprints(of oids: [UInt32]) throws -> [UInt32: TableBlueprint] {
        let list = Parameter.oids(oids)
        var blueprints = try columns(list)
        try addConstraints(list, to: &blueprints)
        try addForeignKeys(list, to: &blueprints)
        try addIndexes(list, to: &blueprints)
        try addSequences(list, to: &blueprints)
        try addIdentities(list, to: &blueprints)
        try addPrerequisites(list, to: &blueprints)
        return blueprints
    }

    // MARK: The table

    private func columns(_ oids: Parameter) throws -> [UInt32: TableBlueprint] {
        let result = try connection.query(DefinitionQueries.columns, [oids])
        var blueprints: [UInt32: TableBlueprint] = [:]
        for row in 0..<result.rowCount {
            let identity: [String: String] = ["a": "ALWAYS", "d": "BY DEFAULT"]
            let generation: [String: String] = ["s": "STORED", "v": "VIRTUAL"]
            let column = TableBlueprint.Column(
                number: result.integer(row, 1) ?? 0,
                name: result.text(row, 2) ?? "",
                type: result.text(row, 3) ?? "",
                isNotNull: result.flag(row, 4),
                expression: result.text(row, 5),
                collation: result.text(row, 6),
                generation: generation[result.text(row, 7) ?? ""],
                uses: result.numbers(row, 9),
                identity: identity[result.text(row, 8) ?? ""]
            )
            let name = result.name(row, 10, 11)
            blueprints[result.oid(row, 0), default: TableBlueprint(name: name)].columns.append(column)
        }
        return blueprints
    }

    private func addConstraints(_ oids: Parameter, to blueprints: inout [UInt32: TableBlueprint]) throws {
        let result = try connection.query(DefinitionQueries.constraints, [oids])
        for row in 0..<result.rowCount {
            guard let kind = result.text(row, 2).flatMap(TableBlueprint.Constraint.Kind.init) else { continue }
            let constraint = TableBlueprint.Constraint(
                name: result.text(row, 1) ?? "",
                kind: kind,
                sql: result.text(row, 3) ?? "",
                uses: result.numbers(row, 4)
            )
            blueprints[result.oid(row, 0)]?.constraints.append(constraint)
        }
    }

    private func addForeignKeys(_ oids: Parameter, to blueprints: inout [UInt32: TableBlueprint]) throws {
        let result = try connection.query(DefinitionQueries.foreignKeys, [oids])
        for row in 0..<result.rowCount {
            let key = TableBlueprint.ForeignKey(
                name: result.text(row, 2) ?? "",
                table: result.name(row, 3, 4),
                referenced: result.name(row, 5, 6),
                sql: result.text(row, 7) ?? "",
                uses: result.numbers(row, 8)
            )
            for oid in Set([result.oid(row, 0), result.oid(row, 1)]) { blueprints[oid]?.foreignKeys.append(key) }
        }
    }

    private func addIndexes(_ oids: Parameter, to blueprints: inout [UInt32: TableBlueprint]) throws {
        let result = try connection.query(DefinitionQueries.indexes, [oids])
        for row in 0..<result.rowCount {
            guard let sql = result.text(row, 3), let head = result.text(row, 4), sql.hasPrefix(head) else {
                let name = blueprints[result.oid(row, 0)]?.name
                throw StoreError(
                    .unsupported,
                    "\(connection.label): the definition of index \(result.text(row, 1) ?? "") cannot be read",
                    table: name
                )
            }
            let index = TableBlueprint.Index(
                name: result.text(row, 1) ?? "",
                isUnique: result.flag(row, 2),
                sql: String(sql.dropFirst(head.count)),
                uses: result.numbers(row, 5)
            )
            blueprints[result.oid(row, 0)]?.indexes.append(index)
        }
    }

    private func addSequences(_ oids: Parameter, to blueprints: inout [UInt32: TableBlueprint]) throws {
        let result = try connection.query(DefinitionQueries.sequences, [oids])
        for row in 0..<result.rowCount {
            let sequence = TableBlueprint.Sequence(
                name: result.name(row, 1, 2),
                options: result.text(row, 5) ?? "",
                owner: result.integer(row, 3),
                isIdentity: result.flag(row, 4)
            )
            blueprints[result.oid(row, 0)]?.sequences.append(sequence)
        }
    }

    private func addIdentities(_ oids: Parameter, to blueprints: inout [UInt32: TableBlueprint]) throws {
        let result = try connection.query(DefinitionQueries.identities, [oids])
        for row in 0..<result.rowCount {
            let text: String? =
                switch result.text(row, 1) {
                case "f": "FULL"
                case "n": "NOTHING"
                case "i": result.text(row, 2).map { "USING INDEX \($0.postgresIdentifier)" }
                default: nil
                }
            blueprints[result.oid(row, 0)]?.replicaIdentity = text
        }
    }

    // MARK: What it needs

    private func addPrerequisites(_ oids: Parameter, to blueprints: inout [UInt32: TableBlueprint]) throws {
        let collations = try connection.query(DefinitionQueries.collations, [oids])
        for row in 0..<collations.rowCount {
            let name = collations.name(row, 1, 2)
            blueprints[collations.oid(row, 0)]?.prerequisites.append(
                .collation(name: name, options: collations.text(row, 3) ?? "")
            )
        }
        let types = try connection.query(DefinitionQueries.types, [oids])
        var needs: [UInt32: [NeededType]] = [:]
        for row in 0..<types.rowCount {
            guard let what = prerequisite(types, row) else { continue }
            needs[types.oid(row, 0), default: []].append(
                NeededType(oid: types.oid(row, 1), what: what, parts: types.numbers(row, 8).map { UInt32($0) })
            )
        }
        for (oid, types) in needs {
            for what in NeededType.ordered(types) where blueprints[oid]?.prerequisites.contains(what) == false {
                blueprints[oid]?.prerequisites.append(what)
            }
        }
    }

    private func prerequisite(_ types: QueryResult, _ row: Int) -> Prerequisite? {
        if let name = types.text(row, 5) { return .installed(extension: name) }
        let name = types.name(row, 2, 3)
        let definition = types.text(row, 6)
        switch types.text(row, 4) {
        case "e": return .enumeration(name: name, labels: types.texts(row, 7))
        case "d": return definition.map { .domain(name: name, definition: $0) }
        // The type of a table's rows comes with the table.
        case "c": return definition.map { .composite(name: name, fields: $0) }
        case "r": return definition.map { .range(name: name, options: $0) }
        default: return nil
        }
    }
}

/// A type that a table needs, and what it is made of itself.
private struct NeededType {
    var oid: UInt32
    var what: Prerequisite
    var parts: [UInt32]

    /// Each after what it is made of.
    static func ordered(_ types: [NeededType]) -> [Prerequisite] {
        let byOID = Dictionary(types.map { ($0.oid, $0) }, uniquingKeysWith: { $1 })
        var result: [Prerequisite] = []
        var seen: Set<UInt32> = []
        func visit(_ type: NeededType) {
            guard seen.insert(type.oid).inserted else { return }
            for part in type.parts.compactMap({ byOID[$0] }) { visit(part) }
            result.append(type.what)
        }
        for type in types { visit(type) }
        return result
    }
}

extension QueryResult {
    /// A schema and a name in two columns.
    fileprivate func name(_ row: Int, _ schema: Int, _ name: Int) -> TableName {
        let schema = text(row, schema) ?? ""
        return TableName(text(row, name) ?? "", schema: schema == TableName.postgresDefaultSchema ? nil : schema)
    }

    /// A `text[]` of one dimension without NULLs, as text.
    fileprivate func texts(_ row: Int, _ column: Int) -> [String] {
        guard let text = text(row, column), text.hasPrefix("{") else { return [] }
        var items: [String] = []
        var item = ""
        var isQuoted = false
        var isEscaped = false
        var isOpen = false
        for character in text.dropFirst().dropLast() {
            if isEscaped {
                item.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
                isOpen = true
            } else if character == ",", !isQuoted {
                items.append(item)
                item = ""
                isOpen = false
            } else {
                item.append(character)
                isOpen = true
            }
        }
        if isOpen || !items.isEmpty { items.append(item) }
        return items
    }
}
