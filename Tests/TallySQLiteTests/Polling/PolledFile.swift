import Foundation
import Programs
import SQLite
import Synchronization
import TallyModel
import TallySQLite

/// A SQLite file in a folder of its own, written by the `sqlite3` command and polled under a wall clock set by hand.
final class PolledFile: Sendable {
    let folder: URL
    var path: String { folder.appending(path: "source.db").path }
    /// 2026-11-21 10:00:00 UTC, unless moved.
    private let time = Mutex(Timestamp(microseconds: 1_795_255_200_000_000))

    init(_ script: String) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "polled-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try shell(script)
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            print("could not remove \(folder.path): \(error)")
        }
    }

    func moveClock(by seconds: Int64) {
        time.withLock { $0.microseconds += seconds * 1_000_000 }
    }

    // MARK: The independent client

    @discardableResult
    func shell(_ script: String) throws -> String {
        let (ending, text) = try ChildProgram.run(["sqlite3", "-bail", path], input: ".timeout 300000\n" + script)
        guard ending == .exited(0) else { throw ShellFailure(output: text) }
        return text.trimmingCharacters(in: .newlines)
    }

    /// Sets the number that says who may write the file's format; 3 is a format of the future, which no SQLite of today
    /// writes (https://www.sqlite.org/fileformat2.html, offset 18).
    func setWritable(_ isWritable: Bool) throws {
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try handle.seek(toOffset: 18)
        try handle.write(contentsOf: [isWritable ? 1 : 3])
        try handle.close()
    }

    // MARK: Polling

    func request(
        _ capture: CaptureSettings,
        tables: [String] = ["*"],
        from checkpoint: Checkpoint? = nil
    ) -> CaptureRequest {
        CaptureRequest(
            consumer: Consumer(flow: "f", targetID: "target", targetLabel: "copy.db"),
            tables: TableSelection(tables),
            capture: capture,
            checkpoint: checkpoint
        )
    }

    func open(
        _ capture: CaptureSettings,
        tables: [String] = ["*"],
        from checkpoint: Checkpoint? = nil
    ) async throws -> any SourceSession {
        try await PolledSession.open(
            path: path,
            request: request(capture, tables: tables, from: checkpoint),
            now: { [self] in time.withLock { $0 } }
        )
    }

    func inspect(_ capture: CaptureSettings, tables: [String] = ["*"]) async throws -> [Finding] {
        try await PolledSession.inspect(
            path: path,
            request: request(capture, tables: tables),
            now: { [self] in time.withLock { $0 } }
        )
    }
}

struct ShellFailure: Error {
    let output: String
}

extension CaptureSettings {
    static func stamped(_ column: String = "at", overlap: Duration = .seconds(10), softDelete: String? = nil) -> Self {
        CaptureSettings(
            mode: .timestamp,
            column: column,
            overlap: overlap,
            poll: .milliseconds(10),
            softDelete: softDelete
        )
    }

    static func versioned(_ column: String = "v", overlap: Int64 = 0) -> Self {
        CaptureSettings(mode: .version, column: column, versionOverlap: overlap, poll: .milliseconds(10))
    }
}

/// What a session's stream said up to a poll that began when it was asked.
struct Polled {
    var changes: [(table: TableSchema, change: Change)] = []
    var structure: [SchemaChange] = []
    var slices: [Slice] = []
    var end = Position(order: 0)

    init() {}

    /// Reads until a poll that began after the call has ended.
    init(_ session: any SourceSession) async throws {
        let goal = try await session.latest()
        while end < goal {
            switch try await session.next() {
            case .slice(let slice):
                slices.append(slice)
                changes += slice.changes.map { (slice.tables[$0.table], $0) }
                if let position = slice.end?.position { end = position }
            case .schema(let change): structure.append(change)
            case .sweepDue, .notice: break
            }
        }
    }

    /// The changes as short texts: `+1` for an update of the row with key 1, `-1` for its delete.
    var keys: [String] {
        changes.map { table, change in
            let key = change.row.picking(table.key).values.map { value in
                switch value {
                case .integer(let integer): String(integer)
                case .text(let text): text
                default: "?"
                }
            }
            return (change.operation == .delete ? "-" : "+") + key.joined(separator: ",")
        }
    }
}
