import TallyModel

/// The publication of one flow: which tables' changes the server sends it.
struct Publication {
    let name: String
    private let connection: PostgresConnection

    init(_ name: String, in connection: PostgresConnection) {
        self.name = name
        self.connection = connection
    }

    /// The tables in it, by object identifier; `nil` when there is no such publication.
    func tables() throws -> Set<UInt32>? {
        let result = try connection.query(
            """
            SELECT r.prrelid FROM pg_publication p LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid
            WHERE p.pubname = $1
            """,
            [.text(name)]
        )
        guard result.rowCount > 0 else { return nil }
        return Set((0..<result.rowCount).filter { !result.isNull($0, 0) }.map { result.oid($0, 0) })
    }

    /// Makes it, with a comment that says whose it is: names of flows may look alike once they are made to fit.
    func create(for tables: [PostgresTable], flow: String, viaRoot: Bool) throws {
        let list = tables.isEmpty ? "" : " FOR TABLE " + tables.map(\.rowsSQL).joined(separator: ", ")
        let options = viaRoot ? " WITH (publish_via_partition_root = true)" : ""
        try connection.execute(
            """
            SET lock_timeout = '30s';
            CREATE PUBLICATION \(name.postgresIdentifier)\(list)\(options);
            COMMENT ON PUBLICATION \(name.postgresIdentifier) IS \(Self.comment(flow).postgresLiteral);
            """
        )
    }

    func add(_ table: PostgresTable) throws {
        try connection.execute("ALTER PUBLICATION \(name.postgresIdentifier) ADD TABLE \(table.rowsSQL)")
    }

    /// Takes tables out; those that are gone are out already.
    func remove(_ tables: Set<UInt32>) throws {
        guard !tables.isEmpty else { return }
        let names = try connection.query(
            """
            SELECT n.nspname, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid = ANY($1)
            """,
            [.oids(tables.sorted())]
        )
        for row in 0..<names.rowCount {
            let table = TableName(names.text(row, 1) ?? "", schema: names.text(row, 0)).postgresSQL
            let only = names.text(row, 2) == "p" ? "" : "ONLY "
            try connection.execute("ALTER PUBLICATION \(name.postgresIdentifier) DROP TABLE \(only)\(table)")
        }
    }

    func drop() throws {
        try connection.execute("DROP PUBLICATION IF EXISTS \(name.postgresIdentifier)")
    }

    static func comment(_ flow: String) -> String { "Made by Tally for flow \(flow)" }
}
