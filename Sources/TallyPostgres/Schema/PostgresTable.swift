package import TallyModel

/// One column as the server's catalog has it, beside what ``Column`` says of it.
package struct PostgresColumn: Sendable, Hashable, Codable {
    package var name: String
    /// `attnum`: stays when the column is renamed and is never used again. It is the ``Column/id``.
    package var number: Int16
    /// The type, as the server's object identifier; a domain's own, not that of its base.
    package var type: UInt32
    package var typeModifier: Int32
    /// As `format_type` writes it: `numeric(12,2)`, `shop.mood`.
    package var typeName: String
    /// That of its base, for a domain.
    package var shape: ValueShape
    /// The type of arrays of it; 0 where there is none.
    package var arrayType: UInt32

    package init(
        name: String,
        number: Int16,
        type: UInt32,
        typeModifier: Int32 = -1,
        typeName: String,
        shape: ValueShape,
        arrayType: UInt32 = 0
    ) {
        self.name = name
        self.number = number
        self.type = type
        self.typeModifier = typeModifier
        self.typeName = typeName
        self.shape = shape
        self.arrayType = arrayType
    }
}

/// A table as the server's catalog has it.
package struct PostgresTable: Sendable, Hashable, Codable {
    /// What of a row's old state the server logs with updates and deletes
    /// (https://www.postgresql.org/docs/current/logical-replication-publication.html).
    package enum ReplicaIdentity: String, Sendable, Hashable, Codable {
        case primaryKey = "d"
        case index = "i"
        case full = "f"
        case nothing = "n"
    }

    package struct DroppedColumn: Sendable, Hashable, Codable {
        package var number: Int16
        package var typeModifier: Int32

        package init(number: Int16, typeModifier: Int32 = -1) {
            self.number = number
            self.typeModifier = typeModifier
        }
    }

    /// A unique index over columns that are never null.
    package struct KeyIndex: Sendable, Hashable, Codable {
        package var name: String
        package var isPrimary: Bool

        package init(name: String, isPrimary: Bool) {
            self.name = name
            self.isPrimary = isPrimary
        }
    }

    package var oid: UInt32
    package var schema: TableSchema
    /// One for each of the schema's columns, in the same order. Generated columns are in neither: the log does not
    /// hold them, and a target of this kind computes them itself.
    package var columns: [PostgresColumn]
    /// Columns that were dropped: their numbers are never used again.
    package var dropped: [DroppedColumn]
    package var replicaIdentity: ReplicaIdentity
    /// Whether rows are in partitions of it; those are not listed by themselves.
    package var isPartitioned: Bool
    /// Whether the server keeps changes of its rows out of its log.
    package var isUnlogged: Bool
    /// The index whose columns are the key.
    package var keyIndex: KeyIndex
    /// About how many rows it has, from the planner's statistics; `nil` where it was never analyzed.
    package var estimatedRows: Int?
    /// Pages of 8 KiB on disk.
    package var pages: Int
    /// Constraints, beside the key, under which rows depend on each other's order: unique and exclusion.
    package var hasSecondUnique: Bool

    package init(
        oid: UInt32,
        schema: TableSchema,
        columns: [PostgresColumn],
        dropped: [DroppedColumn] = [],
        replicaIdentity: ReplicaIdentity = .primaryKey,
        isPartitioned: Bool = false,
        isUnlogged: Bool = false,
        keyIndex: KeyIndex = KeyIndex(name: "", isPrimary: true),
        estimatedRows: Int? = nil,
        pages: Int = 0,
        hasSecondUnique: Bool = false
    ) {
        self.oid = oid
        self.schema = schema
        self.columns = columns
        self.dropped = dropped
        self.replicaIdentity = replicaIdentity
        self.isPartitioned = isPartitioned
        self.isUnlogged = isUnlogged
        self.keyIndex = keyIndex
        self.estimatedRows = estimatedRows
        self.pages = pages
        self.hasSecondUnique = hasSecondUnique
    }

    package var name: TableName { schema.name }

    /// Whether every column can travel in the server's binary form.
    package var hasBinaryForm: Bool { columns.allSatisfy(\.shape.hasBinaryForm) }

    /// Schema and name, quoted, for statements.
    package var sql: String { name.postgresSQL }

    /// What to read the table's own rows from: without those of tables that inherit from it, and with those of its
    /// partitions.
    package var rowsSQL: String { isPartitioned ? sql : "ONLY \(sql)" }

    /// Why the server cannot publish the table's updates and deletes, or refuses the user's own as soon as the table is
    /// published, and the SQL that mends it; `nil` where it can.
    package var publicationProblem: (message: String, remedy: String)? {
        if isUnlogged {
            return (
                "the table is UNLOGGED, so that its changes are not in the server's log",
                "ALTER TABLE \(sql) SET LOGGED"
            )
        }
        let remedy =
            keyIndex.isPrimary
            ? "ALTER TABLE \(sql) REPLICA IDENTITY DEFAULT"
            : "ALTER TABLE \(sql) REPLICA IDENTITY USING INDEX \(keyIndex.name.postgresIdentifier)"
        switch replicaIdentity {
        case .nothing:
            return ("its replica identity is NOTHING: updates and deletes do not say which row they meant", remedy)
        case .primaryKey where !keyIndex.isPrimary:
            return ("it has no primary key, and its replica identity does not name another unique index", remedy)
        default: return nil
        }
    }
}

extension TableName {
    /// The schema that a name without one means.
    package static let postgresDefaultSchema = "public"

    package var postgresSQL: String {
        "\((schema ?? Self.postgresDefaultSchema).postgresIdentifier).\(name.postgresIdentifier)"
    }
}

extension String {
    /// Quoted as a name of SQL.
    package var postgresIdentifier: String { "\"\(replacing("\"", with: "\"\""))\"" }

    /// Quoted as a text of SQL, whatever `standard_conforming_strings` says.
    package var postgresLiteral: String {
        let text = "'\(replacing("'", with: "''").replacing("\\", with: "\\\\"))'"
        return contains("\\") ? " E\(text)" : text
    }
}
