import Foundation
import Programs
import SQLite
import TallyModel
import TallySQLite
import Testing

/// A source file and a target file in a folder of their own, and what flows do to the target.
final class TargetFixture: Sendable {
    let folder: URL
    var source: String { folder.appending(path: "source.db").path }
    var path: String { folder.appending(path: "target.db").path }
    var target: SQLiteTarget { SQLiteTarget(path: path) }

    init(source script: String = "", target: String? = nil) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tally-target-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if !script.isEmpty { try shell(script, on: source) }
        if let target { try shell(target) }
    }

    deinit {
        // A folder that cannot be removed is left to the system's own cleaning.
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs a script in the `sqlite3` command; on the target unless another file is named.
    @discardableResult
    func shell(_ script: String, on path: String? = nil) throws -> String {
        let (ending, text) = try run(script, on: path)
        try #require(ending == .exited(0), "sqlite3 failed: \(text)")
        return text
    }

    /// Whether the `sqlite3` command fails to run a script on the target.
    func refuses(_ script: String) throws -> Bool { try run(script).ending != .exited(0) }

    private func run(_ script: String, on path: String? = nil) throws -> (ending: ChildProgram.Ending, text: String) {
        let command = ["sqlite3", "-bail", path ?? self.path]
        let (ending, text) = try ChildProgram.run(command, input: ".timeout 300000\n" + script + "\n")
        return (ending, text.trimmingCharacters(in: .newlines))
    }

    func open(flow: String = "flow", runner: Runner = .current(), takeOver: Bool = false) async throws
        -> any TargetSession
    {
        try await target.open(flow: flow, runner: runner, takeOver: takeOver)
    }

    /// A table as a file has it, with the file's own catalog.
    func schema(_ table: String, on path: String? = nil) throws -> TableSchema {
        let connection = try Connection(path: path ?? source, access: .readOnly)
        defer { connection.close() }
        return try #require(try Catalog.table(table, in: connection))
    }

    /// All rows of a table with their exact storage classes, read by a connection of its own.
    func rows(_ table: TableSchema, on path: String? = nil) throws -> [[Value]] {
        let connection = try Connection(path: path ?? self.path, access: .readOnly)
        defer { connection.close() }
        let names = table.columns.map { quoted($0.name) }.joined(separator: ", ")
        let order = table.keyColumns.map { quoted($0.name) }.joined(separator: ", ")
        let statement = try connection.prepare("SELECT \(names) FROM \(quoted(table.name.name)) ORDER BY \(order)")
        var rows: [[Value]] = []
        while try statement.step() { rows.append(statement.values()) }
        return rows
    }

    /// The source's table as one chunk.
    func chunk(_ schema: TableSchema) throws -> Chunk {
        .of(schema, try rows(schema, on: source).map { Row($0) })
    }

    /// Makes the table in the target and loads it, and commits.
    func copy(_ table: String) async throws -> ApplyOutcome {
        let schema = try schema(table)
        let session = try await open()
        try await session.create(schema)
        let outcome = try await session.load(try chunk(schema), mode: .add)
        _ = try await session.finishLoad(of: schema)
        try await session.commit(nil, notes: [])
        await session.close()
        return outcome
    }
}

extension Chunk {
    static func of(_ schema: TableSchema, _ rows: [Row], range: KeyRange = .all, isLast: Bool = true) -> Chunk {
        Chunk(schema: schema, rows: rows, range: range, isLast: isLast, asOf: Position(order: 1), byteCount: 0)
    }
}

extension TargetSession {
    /// Applies changes of one table.
    func apply(
        _ changes: [Change],
        to schema: TableSchema,
        replaying: Bool = false
    ) async throws -> ApplyOutcome {
        let slice = Slice(tables: [schema], changes: changes, end: nil, byteCount: 0)
        return try await apply(slice, replaying: replaying ? [schema.name] : [])
    }

    func commit() async throws { try await commit(nil, notes: []) }
}

extension Change {
    static func insert(_ values: Value...) -> Change { Change(.insert, table: 0, row: Row(values)) }

    static func update(_ values: Value?..., from former: [Value]? = nil) -> Change {
        Change(.update, table: 0, row: Row(values), formerKey: former.map { Row($0) })
    }

    static func delete(_ values: Value?...) -> Change { Change(.delete, table: 0, row: Row(values)) }
}
