import Foundation
import TallyHarness

/// A PostgreSQL database `pg`, the seed, and a SQLite file `edge` in one group, which is brought together run by run.
struct MixedGroup {
    let group: GroupSite
    let postgres: PostgresDatabase
    let edge: SQLiteShell

    /// - Parameters:
    ///   - tables: What stands between the braces of `tables:`.
    ///   - script: What makes the tables in `pg`.
    init(tables: String, _ script: String) async throws {
        let server = try await SharedServer.server()
        postgres = try await PostgresDatabase("mixed_\(UUID().uuidString.prefix(8).lowercased())", on: server)
        try await postgres.psql(script)
        group = try GroupSite(
            ["pg": .postgres(postgres.url), "edge": "edge.db"],
            members: ["pg", "edge"],
            tables: tables
        )
        edge = group.shell("edge")
    }

    /// Brings the members together.
    func sync() async throws { try await group.site.syncOnce() }
}
