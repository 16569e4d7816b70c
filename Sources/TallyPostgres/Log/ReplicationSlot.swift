import Foundation
import TallyModel

/// The slot of one flow: what keeps the server from forgetting its log before the flow has it.
struct ReplicationSlot: Sendable {
    var name: String
    var plugin: String
    var database: String
    /// Up to where the flow's targets durably have the log, as the server was told.
    var confirmed: UInt64
    /// The server's process that sends from it now.
    var activeProcess: Int32?
    /// `reserved`, `extended`, `unreserved`, `lost`; `nil` before version 13.
    var walStatus: String?
    /// How much log the server keeps for it.
    var retained: Int

    /// - Returns: `nil` when there is no such slot.
    static func find(_ name: String, in connection: PostgresConnection) throws -> ReplicationSlot? {
        try slots(in: connection, where: "slot_name = $1", [.text(name)]).first
    }

    /// The slots of the database that `condition` picks.
    static func slots(
        in connection: PostgresConnection,
        where condition: String,
        _ parameters: [Parameter] = []
    ) throws -> [ReplicationSlot] {
        let status = connection.serverVersion >= 130000 ? "wal_status" : "NULL"
        let result = try connection.query(
            """
            SELECT slot_name, plugin, database, (confirmed_flush_lsn - '0/0')::int8, active_pid, \(status),
                (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END
                    - restart_lsn)::int8
            FROM pg_replication_slots WHERE \(condition)
            """,
            parameters
        )
        return (0..<result.rowCount).map { row in
            ReplicationSlot(
                name: result.text(row, 0) ?? "",
                plugin: result.text(row, 1) ?? "",
                database: result.text(row, 2) ?? "",
                confirmed: UInt64(result.integer(row, 3) ?? 0),
                activeProcess: result.integer(row, 4).map { Int32($0) },
                walStatus: result.text(row, 5),
                retained: result.integer(row, 6) ?? 0
            )
        }
    }

    /// Makes a slot. The server waits with it for transactions that are running now.
    ///
    /// Where the wait is ended from outside, the server gives the slot up.
    ///
    /// - Parameter meanwhile: Called every second of the wait.
    /// - Returns: Where its log begins: everything committed after it will be sent.
    static func create(
        _ name: String,
        facts: ServerFacts,
        in connection: PostgresConnection,
        meanwhile: () throws -> Void
    ) throws -> UInt64 {
        // From version 17 on a slot can follow its server's standbys, so that a failover does not lose it.
        let options = facts.version >= 170000 && !facts.isStandby ? ", false, false, true" : ""
        let slot = name.postgresLiteral
        let made = try connection.execute(
            "SELECT (lsn - '0/0')::int8 FROM pg_create_logical_replication_slot(\(slot), 'pgoutput'\(options))",
            each: .seconds(1),
            meanwhile: meanwhile
        )
        return UInt64(made.integer(0, 0) ?? 0)
    }

    /// Drops the slot, ending the server's process that sends from it.
    static func drop(_ name: String, in connection: PostgresConnection) throws {
        for attempt in 0..<100 {
            guard let slot = try find(name, in: connection) else { return }
            do {
                if let process = slot.activeProcess {
                    try connection.query("SELECT pg_terminate_backend($1)", [.integer(process)])
                }
                try connection.query("SELECT pg_drop_replication_slot($1)", [.text(name)])
                return
            } catch let error as StoreError where error.code == .busy && attempt < 99 {
                // The process needs a moment to end.
                Thread.sleep(forTimeInterval: 0.05)
            } catch let error as StoreError where error.postgres?.state == "42704" {
                return
            }
        }
    }

    /// Who sends from the slot now, for people.
    func holder(in connection: PostgresConnection) throws -> String {
        guard let activeProcess else { return "nobody" }
        let result = try connection.query(
            """
            SELECT coalesce(nullif(application_name, ''), 'a client') || coalesce(' on ' || host(client_addr), '')
            FROM pg_stat_activity WHERE pid = $1
            """,
            [.integer(activeProcess)]
        )
        let who = result.rowCount > 0 ? result.text(0, 0) : nil
        return "\(who ?? "a client") (server process \(activeProcess))"
    }
}
