import Foundation
import PrivatePostgres
import TallyModel
import TallyPostgres

/// A server with one connection of Tally's own to it.
struct TypeServer {
    let server: PostgresServer
    let connection: PostgresConnection

    static func with(_ body: (TypeServer) async throws -> Void) async throws {
        let server = try await PostgresServer.start()
        do {
            let connection = try PostgresConnection(ConnectionOptions(server.url()), application: "tally test")
            try await body(TypeServer(server: server, connection: connection))
            connection.close()
        } catch {
            await server.remove()
            throw error
        }
        await server.remove()
    }

    /// What the server's own client shows.
    @discardableResult
    func psql(_ script: String) async throws -> String { try await server.psql(script) }

    /// What the server's own client shows of each query, asked for in one go.
    func psql(each queries: [String]) async throws -> [String] {
        let mark = "---- the next query"
        let shown = try await psql(queries.map { "\($0);\n\\echo \(mark)" }.joined(separator: "\n"))
        return shown.components(separatedBy: mark).dropLast().map { $0.trimmingCharacters(in: .newlines) }
    }

    func columns(of table: String) throws -> [PostgresColumn] {
        guard let found = try PostgresCatalog.table(named: TableName(table), in: connection) else {
            throw Missing(table: table)
        }
        return found.columns
    }

    struct Missing: Error {
        var table: String
    }

    /// A table's data as COPY sends it, in the order of its first column.
    func copyOut(_ table: String, _ format: CopyFormat) throws -> [[UInt8]] {
        try connection.beginCopyOut("COPY (SELECT * FROM \(table) ORDER BY 1) TO STDOUT (FORMAT \(format))")
        var pieces: [[UInt8]] = []
        while try connection.withNextCopyData({ pieces.append(Array($0)) }) {}
        return pieces
    }

    func rows(of table: String, _ format: CopyFormat) throws -> [Row] {
        try RowDecoder.rows(of: copyOut(table, format), columns: columns(of: table), format: format)
    }

    /// Writes rows into a table by COPY.
    func copyIn(_ rows: [Row], to table: String, _ format: CopyFormat) throws {
        var buffer = CopyBuffer(columns: try columns(of: table))
        buffer.begin(format)
        for row in rows where try !buffer.append(row) { throw Missing(table: table) }
        buffer.end()
        try copyIn(buffer, to: table)
    }

    func copyIn(_ buffer: borrowing CopyBuffer, to table: String) throws {
        try connection.beginCopyIn("COPY \(table) FROM STDIN (FORMAT \(buffer.format))")
        try buffer.withBytes { try connection.send($0) }
        try connection.endCopy()
    }

    /// Writes rows into a table by arrays of its columns' values.
    func insertArrays(_ rows: [Row], to table: String) throws {
        let columns = try columns(of: table)
        let arrays = try columns.indices.map { place in
            try ArrayParameter(columns[place], count: rows.count) { rows[$0].values[place] }
        }
        let places = arrays.enumerated().map { "$\($0 + 1)::\($1.type)" }.joined(separator: ", ")
        let names = columns.indices.map { "c\($0)" }
        let values = zip(names, arrays).map { $0 + ($1.elementType.map { "::\($0)" } ?? "") }
        _ = try connection.query(
            "INSERT INTO \(table) SELECT \(values.joined(separator: ", ")) "
                + "FROM unnest(\(places)) AS n(\(names.joined(separator: ", ")))",
            arrays.map(\.parameter)
        )
    }
}
