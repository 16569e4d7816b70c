import Foundation
import Programs
import SQLite
import TallyModel
import TallySQLite
import Testing

/// A source file in a folder of its own, written to by others and read as a flow reads it.
final class SourceFixture {
    let folder: URL
    let path: String

    init(_ script: String = "", journal: String = "wal") throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tally-capture-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appending(path: "source.db").path
        try shell("PRAGMA journal_mode = \(journal);" + script)
    }

    deinit {
        // A folder that cannot be removed is left to the system's own cleaning.
        try? FileManager.default.removeItem(at: folder)
    }

    var source: SQLiteSource { SQLiteSource(path: path, observer: nil) }

    func request(
        flow: String = "flow",
        target: (id: String, label: String) = ("target-1", "copy.db"),
        tables: [String] = ["*"],
        checkpoint: Checkpoint? = nil
    ) -> CaptureRequest {
        CaptureRequest(
            consumer: Consumer(flow: flow, targetID: target.id, targetLabel: target.label),
            tables: TableSelection(tables),
            checkpoint: checkpoint
        )
    }

    func open(
        flow: String = "flow",
        tables: [String] = ["*"],
        checkpoint: Checkpoint? = nil
    ) async throws -> any SourceSession {
        try await source.open(request(flow: flow, tables: tables, checkpoint: checkpoint))
    }

    /// Runs a script in the `sqlite3` command, as any other program would write.
    @discardableResult
    func shell(_ script: String, on path: String? = nil) throws -> String {
        let command = ["sqlite3", "-bail", path ?? self.path]
        let (ending, text) = try ChildProgram.run(command, input: ".timeout 300000\n" + script + "\n")
        try #require(ending == .exited(0), "sqlite3 failed: \(text)")
        return text.trimmingCharacters(in: .newlines)
    }

    func connect() throws -> Connection { try Connection(path: path, access: .readWrite) }

    /// What the table holds, by key, read by a connection of its own.
    func rows(_ table: String, key: [String], columns: String = "*") throws -> [Row: Row] {
        let connection = try connect()
        defer { connection.close() }
        let statement = try connection.prepare(
            "SELECT \(key.joined(separator: ", ")), \(columns) FROM \(quoted(table))"
        )
        var rows: [Row: Row] = [:]
        while try statement.step() {
            let values = statement.values()
            rows[Row(Array(values.prefix(key.count)))] = Row(Array(values.dropFirst(key.count)))
        }
        return rows
    }

    func tallyTriggers() throws -> String {
        try shell("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_tally_*'")
    }
}
