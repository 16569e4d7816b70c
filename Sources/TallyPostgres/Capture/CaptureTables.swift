import TallyModel

/// Tally's own tables in a database that is captured by triggers, in schema `tally`.
enum CaptureTables {
    private static let lock = AdvisoryKey(of: "bookkeeping")
    /// Held by a reader that waits for notifications: a writer that cannot share it wakes the reader, and one that can
    /// makes the reader look again by itself. So nobody is notified while there is much to do, which would make the
    /// server's writers commit one after the other.
    static let sleep = AdvisoryKey(of: "sleep")
    static let channel = "tally"

    /// Waits until nobody else makes or removes Tally's things; lasts to the end of the transaction.
    static func takeTurn(in connection: PostgresConnection) throws {
        try connection.execute("SELECT pg_advisory_xact_lock(\(lock.number))")
    }

    static func exist(in connection: PostgresConnection) throws -> Bool {
        try connection.execute("SELECT to_regclass('tally.log') IS NOT NULL").flag(0, 0)
    }

    /// Makes what is missing, in a transaction that has its turn. A new log begins with a row that no change made:
    /// positions need one to point at.
    static func create(in connection: PostgresConnection) throws {
        guard try !exist(in: connection) else { return }
        if try connection.execute("SELECT to_regnamespace('tally') IS NULL").flag(0, 0) {
            try connection.execute("CREATE SCHEMA tally")
        }
        // Rows of the log come and go by the million: what is gone has to be given back soon.
        try connection.execute(
            """
            CREATE TABLE tally.log(
                place bigserial, xid bigint NOT NULL DEFAULT txid_current(),
                at timestamptz NOT NULL DEFAULT clock_timestamp(), shape integer NOT NULL, relation oid NOT NULL,
                operation "char" NOT NULL, former text, image text
            ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
                autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000);
            CREATE INDEX log_xid ON tally.log(xid);
            INSERT INTO tally.log(shape, relation, operation) VALUES (0, 0, '\(LogOperation.anchor)');
            CREATE TABLE tally.shape(
                id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, since bigint NOT NULL DEFAULT txid_current(),
                until bigint, shape text NOT NULL
            );
            CREATE TABLE tally.consumer(
                flow text PRIMARY KEY, target_id text NOT NULL, target_label text NOT NULL, tables text NOT NULL,
                acknowledged text, registered_at timestamptz NOT NULL DEFAULT now(),
                seen_at timestamptz NOT NULL DEFAULT now()
            );
            """
        )
    }

    /// Drops all of them, and the schema where nothing else is in it.
    static func drop(in connection: PostgresConnection) throws {
        try connection.execute("DROP TABLE tally.log, tally.shape, tally.consumer")
        let others = try connection.execute(
            """
            SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('tally'))
                + (SELECT count(*) FROM pg_proc WHERE pronamespace = to_regnamespace('tally')),
                (SELECT pg_has_role(nspowner, 'MEMBER') FROM pg_namespace WHERE nspname = 'tally')
            """
        )
        // Whoever made the schema keeps it, where that was not Tally.
        if others.integer(0, 0) == 0, others.flag(0, 1) { try connection.execute("DROP SCHEMA tally") }
    }
}
