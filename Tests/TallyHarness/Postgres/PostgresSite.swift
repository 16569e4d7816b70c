import Foundation
package import PrivatePostgres

/// A folder with a `tally.yaml` whose stores are databases of private servers, and the command run in it.
package struct PostgresSite {
    package let site: Site
    package let source: PostgresDatabase
    package let target: PostgresDatabase

    /// Names of databases that no other test on the shared server has.
    private static func fresh(_ name: String) -> String { "\(name)_\(UUID().uuidString.prefix(8).lowercased())" }

    /// A flow `copy` from database `source` to database `target`, both on the server that tests share.
    ///
    /// - Parameter flow: More keys of the flow, one a line.
    package init(flow: String = "") async throws {
        let server = try await SharedServer.server()
        try await self.init(source: server, target: server, flow: flow)
    }

    /// The same with servers of the test's own, which it may stop.
    package init(source: PostgresServer, target: PostgresServer, flow: String = "") async throws {
        self.source = try await PostgresDatabase(Self.fresh("source"), on: source)
        self.target = try await PostgresDatabase(Self.fresh("target"), on: target)
        site = try Site(
            stores: [
                "source": .postgres(self.source.url),
                "target": .postgres(self.target.url),
            ],
            flows: [Site.flow("copy", from: "source", to: "target", flow)]
        )
    }

    /// Waits until a query of the target prints `expected`.
    package func waitForTarget(_ query: String, _ expected: String) async throws {
        try await eventually("\(query) prints \(expected)", each: .milliseconds(50)) {
            try await target.psql(query) == expected
        }
    }

    /// Insists that source and target hold the same rows.
    package func requireAgreement() async throws {
        try await PostgresComparison(source, target).requireAgreement()
    }
}

/// One server for all tests that stop none; it ends with the process.
package enum SharedServer {
    private static let starting = Task {
        var settings = PostgresServer.Settings()
        settings.more = ["max_replication_slots": "150", "max_wal_senders": "150", "max_connections": "300"]
        return try await PostgresServer.start(settings)
    }

    package static func server() async throws -> PostgresServer { try await starting.value }
}
