package import TallyModel

/// The tables that users made in a database, at one moment.
///
/// Ordinary and partitioned tables; a partition is part of its table. Left out are views, foreign and temporary tables,
/// the server's own, Tally's own, and those that belong to an extension.
package struct PostgresCatalog: Sendable {
    /// How much to read of each table.
    package enum Detail: Sendable {
        /// What it takes to read and write rows.
        case structure
        /// Also what it takes to make the table in another database: ``TableSchema/definition``.
        case definition
    }

    /// A table whose rows nothing tells apart.
    package struct KeylessTable: Sendable, Hashable {
        package var name: TableName
        package var message: String
        /// The SQL that mends it.
        package var remedy: String

        package var finding: Finding { Finding(.error, table: name, message, remedy: remedy) }
    }

    /// In the order of their names.
    package let tables: [PostgresTable]
    package let keyless: [KeylessTable]
    /// Where the server's log ended when the catalog was read, which is the version of every table here.
    package let position: UInt64

    package init(tables: [PostgresTable], keyless: [KeylessTable], position: UInt64) {
        self.tables = tables
        self.keyless = keyless
        self.position = position
    }

    /// Reads the catalog in one snapshot: that of the open transaction, or one of its own.
    ///
    /// - Parameter settling: Tables of which every change of structure is to be seen that the server's log has shown:
    ///   the log may show one some moments before a snapshot does. Only outside a transaction.
    package static func read(
        in connection: PostgresConnection,
        selecting selection: TableSelection? = nil,
        detail: Detail = .definition,
        settling: [TableName] = []
    ) throws -> PostgresCatalog {
        for table in settling { try connection.awaitStructure(of: table) }
        let selection = selection?.naming(defaultSchema: TableName.postgresDefaultSchema)
        return try CatalogReader(connection, detail).read(matching: nil) { selection?.contains($0) ?? true }
    }

    package static func tables(
        in connection: PostgresConnection,
        selecting selection: TableSelection? = nil,
        detail: Detail = .definition
    ) throws -> [PostgresTable] {
        try read(in: connection, selecting: selection, detail: detail).tables
    }

    /// The table of exactly that name; `nil` when there is none, or none whose rows a key tells apart.
    package static func table(
        named name: TableName,
        in connection: PostgresConnection,
        detail: Detail = .structure
    ) throws -> PostgresTable? {
        try CatalogReader(connection, detail).read(matching: name) { _ in true }.tables.first
    }
}
