import TallyModel

/// Reads ``PostgresCatalog`` with a few statements, however many tables there are.
struct CatalogReader {
    private let connection: PostgresConnection
    private let detail: PostgresCatalog.Detail

    init(_ connection: PostgresConnection, _ detail: PostgresCatalog.Detail) {
        self.connection = connection
        self.detail = detail
    }

    /// - Parameter name: The only table to look for; `nil` for all.
    func read(matching name: TableName?, where isWanted: (TableName) -> Bool) throws -> PostgresCatalog {
        var attempts = 1
        while true {
            do {
                return try readOnce(matching: name, where: isWanted)
            } catch let error as StoreError
                where error.postgres?.state == "XX000" && attempts < 5 && connection.isOpen
                && !connection.isInTransaction
            {
                // The server's functions that describe an index or a constraint look past the snapshot, and fail for one
                // that was dropped since it was taken.
                attempts += 1
            }
        }
    }

    private func readOnce(matching name: TableName?, where isWanted: (TableName) -> Bool) throws -> PostgresCatalog {
        try connection.withCatalogSnapshot {
            // In the snapshot's transaction and after it was taken: what the snapshot shows was committed before.
            let position = try connection.query(CatalogQueries.position).integer(0, 0) ?? 0
            let relations = try relations(matching: name).filter { isWanted($0.name) }
            guard !relations.isEmpty else {
                return PostgresCatalog(tables: [], keyless: [], position: UInt64(position))
            }
            let oids = relations.map(\.oid)
            let columns = try columns(of: oids)
            let indexes = try indexes(of: oids)
            let shapes = try shapes(of: Set(columns.values.flatMap { $0 }.map(\.type).filter { $0 != 0 }))
            let blueprints = detail == .definition ? try DefinitionReader(connection).blueprints(of: oids) : [:]
            var tables: [PostgresTable] = []
            var keyless: [PostgresCatalog.KeylessTable] = []
            for relation in relations {
                let assembly = TableAssembly(
                    relation: relation,
                    columns: columns[relation.oid] ?? [],
                    indexes: indexes[relation.oid] ?? [],
                    shapes: shapes,
                    version: position,
                    blueprint: blueprints[relation.oid]
                )
                if let table = try assembly.table { tables.append(table) } else { keyless.append(assembly.keyless) }
            }
            return PostgresCatalog(
                tables: tables.sorted { $0.name < $1.name },
                keyless: keyless.sorted { $0.name < $1.name },
                position: UInt64(position)
            )
        }
    }

    // MARK: Parts

    private func relations(matching name: TableName?) throws -> [TableAssembly.Relation] {
        let result: QueryResult
        if let name {
            let schema = name.schema ?? TableName.postgresDefaultSchema
            result = try connection.query(
                CatalogQueries.relations + " AND n.nspname = $1 AND c.relname = $2",
                [.text(schema), .text(name.name)]
            )
        } else {
            result = try connection.query(CatalogQueries.relations)
        }
        return (0..<result.rowCount).compactMap { row in
            guard let schema = result.text(row, 1), let name = result.text(row, 2) else { return nil }
            return TableAssembly.Relation(
                oid: result.oid(row, 0),
                name: TableName(name, schema: schema == TableName.postgresDefaultSchema ? nil : schema),
                isPartitioned: result.text(row, 3) == "p",
                isUnlogged: result.text(row, 4) == "u",
                identity: result.text(row, 5).flatMap(PostgresTable.ReplicaIdentity.init) ?? .primaryKey,
                estimatedRows: result.integer(row, 6),
                pages: result.integer(row, 7) ?? 0
            )
        }
    }

    private func columns(of oids: [UInt32]) throws -> [UInt32: [TableAssembly.ColumnEntry]] {
        let result = try connection.query(CatalogQueries.columns, [.oids(oids)])
        var columns: [UInt32: [TableAssembly.ColumnEntry]] = [:]
        for row in 0..<result.rowCount {
            let entry = TableAssembly.ColumnEntry(
                number: Int16(result.integer(row, 1) ?? 0),
                name: result.text(row, 2) ?? "",
                type: result.oid(row, 3),
                typeModifier: Int32(result.integer(row, 4) ?? -1),
                typeName: result.text(row, 5) ?? "",
                isNotNull: result.flag(row, 6),
                defaultExpression: result.text(row, 7),
                collation: result.text(row, 8),
                isGenerated: !(result.text(row, 9) ?? "").isEmpty,
                isDropped: result.flag(row, 10)
            )
            columns[result.oid(row, 0), default: []].append(entry)
        }
        return columns
    }

    private func indexes(of oids: [UInt32]) throws -> [UInt32: [KeyChoice.Index]] {
        let result = try connection.query(CatalogQueries.indexes, [.oids(oids)])
        var indexes: [UInt32: [KeyChoice.Index]] = [:]
        for row in 0..<result.rowCount {
            let count = result.integer(row, 7) ?? 0
            let index = KeyChoice.Index(
                name: result.text(row, 1) ?? "",
                isPrimary: result.flag(row, 2),
                isUnique: result.flag(row, 3),
                isExclusion: result.flag(row, 4),
                isReplicaIdentity: result.flag(row, 5),
                isPlain: result.flag(row, 6),
                columns: result.numbers(row, 8).prefix(count).map { Int16($0) }
            )
            indexes[result.oid(row, 0), default: []].append(index)
        }
        return indexes
    }

    private func shapes(of types: Set<UInt32>) throws -> TypeShapes {
        let result = try connection.query(CatalogQueries.types, [.oids(types.sorted())])
        var entries: [UInt32: TypeShapes.Entry] = [:]
        for row in 0..<result.rowCount {
            entries[result.oid(row, 0)] = TypeShapes.Entry(
                name: result.text(row, 1) ?? "",
                kind: result.text(row, 2)?.first ?? "b",
                category: result.text(row, 3)?.first ?? "X",
                base: result.oid(row, 4),
                element: result.oid(row, 5),
                arrayType: result.oid(row, 6),
                length: result.integer(row, 7) ?? 0,
                delimiter: result.text(row, 8) ?? ","
            )
        }
        return TypeShapes(entries)
    }
}

extension QueryResult {
    func oid(_ row: Int, _ column: Int) -> UInt32 { text(row, column).flatMap { UInt32($0) } ?? 0 }

    /// An `int2vector`: `1 2 5`.
    func numbers(_ row: Int, _ column: Int) -> [Int] {
        (text(row, column) ?? "").split { !($0.isNumber || $0 == "-") }.compactMap { Int($0) }
    }
}

extension Parameter {
    /// An `oid[]`, for `= ANY($n)`.
    static func oids(_ oids: [UInt32]) -> Parameter {
        let items = oids.map { String($0) }.joined(separator: ",")
        return Parameter(bytes: Array("{\(items)}".utf8), isBinary: false, type: 1028)
    }
}
