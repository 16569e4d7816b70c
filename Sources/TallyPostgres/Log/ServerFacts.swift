import TallyModel

/// What a server says of itself.
struct ServerFacts: Sendable {
    var version: Int
    /// Made with the cluster, and kept by its standbys and backups.
    var systemID: String
    /// Grows with every promotion and every recovery to an earlier moment.
    var timeline: UInt32
    var database: String
    var databaseOID: String
    var isStandby: Bool
    var walLevel: String
    /// After how long without an answer the server gives a stream up; `nil` for never.
    var patience: Duration?

    var sourceID: String { "\(systemID)/\(databaseOID)" }

    /// - Parameter replication: A connection of the replication protocol.
    init(control: PostgresConnection, replication: PostgresConnection) throws {
        let system = try replication.execute("IDENTIFY_SYSTEM")
        let settings = try control.query(
            """
            SELECT current_database(), (SELECT oid FROM pg_database WHERE datname = current_database()),
                pg_is_in_recovery(), current_setting('wal_level'),
                (SELECT setting::int8 FROM pg_settings WHERE name = 'wal_sender_timeout')
            """
        )
        version = control.serverVersion
        systemID = system.text(0, 0) ?? ""
        timeline = system.integer(0, 1).map { UInt32(clamping: $0) } ?? 0
        database = settings.text(0, 0) ?? ""
        databaseOID = settings.text(0, 1) ?? ""
        isStandby = settings.flag(0, 2)
        walLevel = settings.text(0, 3) ?? ""
        let timeout = settings.integer(0, 4) ?? 0
        patience = timeout > 0 ? .milliseconds(timeout) : nil
    }

    /// Protocol version 2 brings large transactions while they are in progress; binary form and logical messages came
    /// with the same release.
    var hasStreaming: Bool { version >= 140000 }

    /// Whether changes of partitions can be published as those of their table.
    var publishesPartitionedTables: Bool { version >= 130000 }
}

/// Where the log ends.
enum LogEnd {
    /// What was written, flushed or not; on a standby what was replayed.
    static let inserted = """
        SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END
            - '0/0')::int8
        """

    static func inserted(in connection: PostgresConnection) throws -> UInt64 {
        UInt64(try connection.query(inserted).integer(0, 0) ?? 0)
    }
}
