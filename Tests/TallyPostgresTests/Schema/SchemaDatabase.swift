import Foundation
import PrivatePostgres
import TallyModel
import TallyPostgres

/// A database of a test's own, on a server that the tests of this folder share and that ends with their process.
struct SchemaDatabase {
    private static let shared = Task { try await PostgresServer.start() }

    let server: PostgresServer
    let name: String

    init(_ script: String = "") async throws {
        server = try await Self.shared.value
        name = "schema_" + UUID().uuidString.prefix(8).lowercased()
        try await server.psql("CREATE DATABASE \(name)")
        if !script.isEmpty { try await psql(script) }
    }

    func connect() throws -> PostgresConnection {
        try PostgresConnection(ConnectionOptions(server.url(database: name)), application: "tally-tests")
    }

    @discardableResult
    func psql(_ script: String) async throws -> String {
        try await server.psql(script, database: name)
    }

    func tables(_ patterns: [String] = []) throws -> [PostgresTable] {
        try PostgresCatalog.tables(in: connect(), selecting: TableSelection(patterns))
    }

    func table(_ name: String, schema: String? = nil) throws -> PostgresTable? {
        let name = TableName(name, schema: schema)
        return try PostgresCatalog.table(named: name, in: connect(), detail: .definition)
    }

    /// Does something in one transaction, as a target's session does.
    func transaction<Result>(_ body: (PostgresConnection) throws -> Result) throws -> Result {
        let connection = try connect()
        try connection.execute("BEGIN")
        let result = try body(connection)
        try connection.execute("COMMIT")
        return result
    }

    func make(_ schema: TableSchema) throws {
        try transaction { try TableMaker(schema.name, in: $0).create(schema) }
    }

    @discardableResult
    func finishLoad(of schema: TableSchema) throws -> [String] {
        try transaction { try TableMaker(schema.name, in: $0).finishLoad(of: schema) }
    }
}
