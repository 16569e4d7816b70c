import TallyModel

/// Policies that hide rows of a source from Tally's user
/// (https://www.postgresql.org/docs/current/ddl-rowsecurity.html).
///
/// The log tells all rows, a query only those that policies let through: a load would leave the others out without a
/// word. So connections that read tables have the server refuse such a query.
enum RowSecurity {
    /// Has the server refuse queries that a policy would filter.
    static let refusing = "SET row_security = off"

    /// The tables that policies hide rows of.
    static func findings(_ tables: [PostgresTable], in connection: PostgresConnection) throws -> [Finding] {
        let result = try connection.query(
            "SELECT oid, quote_ident(current_user) FROM pg_class WHERE oid = ANY($1) AND row_security_active(oid)",
            [.oids(tables.map(\.oid))]
        )
        let hidden = Dictionary(uniqueKeysWithValues: (0..<result.rowCount).map { (result.oid($0, 0), $0) })
        return tables.compactMap { table in
            guard let row = hidden[table.oid] else { return nil }
            let user = result.text(row, 1) ?? ""
            return Finding(
                .error,
                table: table.name,
                "row security policies hide rows of the table from user \(user), which a load would leave out",
                remedy: "run ALTER ROLE \(user) BYPASSRLS as a superuser, or GRANT the table's owner TO \(user)"
            )
        }
    }
}
