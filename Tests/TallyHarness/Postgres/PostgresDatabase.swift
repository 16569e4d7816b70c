package import PrivatePostgres

/// A database of a private server, read and written with `psql`, independently of the program under test.
package struct PostgresDatabase: Sendable {
    package let server: PostgresServer
    package let name: String

    /// Makes the database.
    package init(_ name: String, on server: PostgresServer) async throws {
        self.name = name
        self.server = server
        try await server.createDatabase(name)
    }

    /// The address that goes into a `tally.yaml`.
    package var url: String { server.url(database: name) }

    /// Runs a script and returns what it printed: rows alone, columns parted by `|`.
    @discardableResult
    package func psql(_ script: String) async throws -> String {
        try await server.psql(script, database: name)
    }

    /// The lines that a query prints.
    package func lines(_ query: String) async throws -> [String] {
        try await psql(query).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .filter { !$0.isEmpty }
    }

    /// The tables that a user made, with their schemas, quoted where they have to be.
    package func tables() async throws -> [String] {
        try await lines(
            """
            SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'tally') ORDER BY 1
            """
        )
    }

    /// What Tally made for this database and has not taken out: its schema, publications, slots and triggers.
    package func tallyObjects() async throws -> [String] {
        try await lines(
            """
            SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE '%tally%'
            UNION ALL SELECT 'publication ' || pubname FROM pg_publication
            UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE database = current_database()
            UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgname LIKE '%tally%'
            UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
            UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE proname LIKE '%tally%'
            ORDER BY 1
            """
        )
    }
}
