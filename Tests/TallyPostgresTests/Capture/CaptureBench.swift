import Foundation
import PrivatePostgres
import TallyModel
import TallyPostgres
import Testing

/// A server with a source database and a copy of it that is kept by what a session brings, read back with `psql`.
struct CaptureBench {
    let server: PostgresServer
    private let copy: PostgresConnection

    /// One server for all tests that do not stop it: making a cluster takes longer than most of them. It ends with the
    /// process.
    private static let shared = Task { try await PostgresServer.start() }

    /// The names of the two databases.
    let source: String
    private let target: String

    /// Runs `body` with both databases, each with the tables that `script` makes.
    ///
    /// - Parameter server: One of the test's own, for a test that stops it.
    static func run(
        _ script: String,
        on server: PostgresServer? = nil,
        _ body: (CaptureBench) async throws -> Void
    ) async throws {
        let bench: CaptureBench
        if let server {
            bench = try await CaptureBench(server: server, script)
        } else {
            bench = try await CaptureBench(server: shared.value, script)
        }
        try await body(bench)
        bench.copy.close()
    }

    private init(server: PostgresServer, _ script: String) async throws {
        self.server = server
        let name = UUID().uuidString.prefix(8).lowercased()
        (source, target) = ("source_\(name)", "copy_\(name)")
        for database in [source, target] {
            try await server.createDatabase(database)
            try await server.psql(script, database: database)
        }
        copy = try PostgresConnection(ConnectionOptions(server.url(database: target)), application: "copy")
    }

    func options(user: String = "postgres") throws -> ConnectionOptions {
        try ConnectionOptions(server.url(database: source, user: user))
    }

    /// A connection that writes to the source.
    func writer() throws -> PostgresConnection {
        try PostgresConnection(options(), application: "writer")
    }

    func write(_ script: String, user: String = "postgres") async throws {
        try await server.psql(script, database: source, user: user)
    }

    func writeToCopy(_ script: String) async throws {
        try await server.psql(script, database: target)
    }

    /// What the source answers.
    func ask(_ query: String) async throws -> String {
        try await server.psql(query, database: source)
    }

    func request(
        flow: String = "shop-to-copy",
        tables: [String] = ["*"],
        capture: CaptureSettings = CaptureSettings(mode: .trigger),
        from checkpoint: Checkpoint? = nil
    ) -> CaptureRequest {
        CaptureRequest(
            consumer: Consumer(flow: flow, targetID: "id of \(flow)", targetLabel: "copy"),
            tables: TableSelection(tables),
            capture: capture,
            checkpoint: checkpoint
        )
    }

    func open(
        flow: String = "shop-to-copy",
        tables: [String] = ["*"],
        from checkpoint: Checkpoint? = nil,
        sliceLimit: ByteCount = .kibibytes(512)
    ) async throws -> any SourceSession {
        try await TriggerCapture.open(
            request(flow: flow, tables: tables, from: checkpoint),
            options(),
            sliceLimit: sliceLimit
        )
    }

    // MARK: Following

    /// What a stream brought up to a position.
    struct Brought {
        var changes: [Change] = []
        var structure: [SchemaChange] = []
        var end: Position
        var slices = 0

        /// How many changes there were of each kind: `iud` for one of each.
        var letters: String {
            changes.map { ["i", "u", "d", "t"][Int($0.operation.rawValue)] }.joined()
        }
    }

    /// Applies to the copy what the session brings, until it has brought all that is committed now.
    @discardableResult
    func follow(_ session: any SourceSession) async throws -> Brought {
        let goal = try await session.latest()
        var brought = Brought(end: await session.start)
        while true {
            switch try await session.next() {
            case .slice(let slice):
                try apply(slice)
                brought.slices += 1
                brought.changes += slice.changes
                guard let end = slice.end else { continue }
                #expect(end.position > brought.end)
                brought.end = end.position
                if end.position >= goal { return brought }
            case .schema(let change): brought.structure.append(change)
            case .sweepDue, .notice: continue
            }
        }
    }

    /// What the session brings of what is committed now, applied to nothing.
    func skimChanges(_ session: any SourceSession) async throws -> [Change] {
        let goal = try await session.latest()
        var changes: [Change] = []
        while true {
            guard case .slice(let slice) = try await session.next() else { continue }
            changes += slice.changes
            if let end = slice.end, end.position >= goal { return changes }
        }
    }

    /// Passes over what is committed now.
    ///
    /// - Returns: Where it ends.
    func skim(_ session: any SourceSession) async throws -> Position {
        let goal = try await session.latest()
        while true {
            guard case .slice(let slice) = try await session.next() else { continue }
            if let end = slice.end?.position, end >= goal { return end }
        }
    }

    /// Applies what comes until a change of structure does.
    func nextStructure(_ session: any SourceSession) async throws -> SchemaChange? {
        while true {
            switch try await session.next() {
            case .slice(let slice): try apply(slice)
            case .schema(let change): return change
            case .sweepDue, .notice: continue
            }
        }
    }

    /// Loads a table whole into the copy.
    func load(_ table: TableName, from session: any SourceSession) async throws {
        var range = KeyRange.all
        while true {
            let chunk = try await session.chunk(of: table, in: range, limit: .mebibytes(1)).unpacked()
            let changes = chunk.rows.map { Change(.insert, table: 0, row: $0) }
            try apply(Slice(tables: [chunk.schema], changes: changes, end: nil, byteCount: 0))
            if chunk.isLast { return }
            range.lower = chunk.range.upper
        }
    }

    private func apply(_ slice: Slice) throws {
        try copy.execute("BEGIN")
        for change in slice.changes {
            let table = slice.tables[change.table]
            switch change.operation {
            case .truncate: try copy.execute("TRUNCATE \(table.name.postgresSQL)")
            case .delete: try delete(change.row.picking(table.key), from: table)
            case .insert, .update:
                if let former = change.formerKey { try delete(former, from: table) }
                try put(change.row, into: table)
            }
        }
        try copy.execute("COMMIT")
    }

    private func held(_ name: TableName) throws -> PostgresTable {
        try #require(try PostgresCatalog.table(named: name, in: copy))
    }

    private func put(_ row: Row, into table: TableSchema) throws {
        // By name or else by number: a row may have been captured before its columns got the names they have now.
        let held = try held(table.name)
        var columns: [PostgresColumn] = []
        var values: [Parameter] = []
        for (column, value) in zip(table.columns, row.values) {
            guard let value,
                let place = held.schema.column(named: column.name)
                    ?? held.schema.columns.firstIndex(where: { $0.id == column.id })
            else { continue }
            columns.append(held.columns[place])
            values.append(try parameter(value, for: held.columns[place]))
        }
        let names = columns.map(\.name.postgresIdentifier)
        let places = columns.enumerated().map { "$\($0 + 1)::\($1.typeName)" }
        let key = held.schema.keyColumns.map(\.name.postgresIdentifier).joined(separator: ", ")
        let settings = names.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        try copy.query(
            """
            INSERT INTO \(table.name.postgresSQL)(\(names.joined(separator: ", ")))
            VALUES (\(places.joined(separator: ", "))) ON CONFLICT (\(key)) DO UPDATE SET \(settings)
            """,
            values
        )
    }

    private func delete(_ key: Row, from table: TableSchema) throws {
        let held = try held(table.name)
        let columns = held.schema.key.map { held.columns[$0] }
        let conditions = columns.enumerated().map { place, column in
            "\(column.name.postgresIdentifier) = $\(place + 1)::\(column.typeName)"
        }
        try copy.query(
            "DELETE FROM \(table.name.postgresSQL) WHERE \(conditions.joined(separator: " AND "))",
            zip(key.values, columns).map { try parameter($0 ?? .null, for: $1) }
        )
    }

    private func parameter(_ value: Value, for column: PostgresColumn) throws -> Parameter {
        if case .null = value { return .text(nil) }
        var writer = ByteWriter(capacity: 64)
        try ValueEncoding.appendText(value, as: column.shape, to: &writer)
        return Parameter(bytes: writer.array, isBinary: false)
    }

    // MARK: Looking

    /// Expects that a query gives the same in both databases.
    func expectSame(_ query: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let source = try await server.psql(query, database: source)
        let copy = try await server.psql(query, database: target)
        #expect(source == copy, sourceLocation: sourceLocation)
    }

    /// What Tally has in the source: tables, functions and triggers of its own.
    func leftovers() async throws -> String {
        try await server.psql(
            """
            SELECT 'schema' FROM pg_namespace WHERE nspname = 'tally'
            UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE 'tally%'
            """,
            database: source
        )
    }
}
