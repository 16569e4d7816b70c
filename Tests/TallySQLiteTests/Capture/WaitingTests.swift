import Foundation
import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("Waiting for commits", .timeLimit(.minutes(15)))
struct WaitingTests {
    @Test("A wait ends with the next commit of another process", arguments: ["wal", "delete", "truncate"])
    func commitEndsWait(journal: String) async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY);", journal: journal)
        let session = try await file.open()
        for id in 1...5 {
            async let event = session.next()
            try file.shell("INSERT INTO t VALUES (\(id));")
            guard case .slice(let slice) = try await event else {
                Issue.record("not a slice")
                continue
            }
            #expect(slice.changes.map(\.row) == [Row(.integer(Int64(id)))])
            #expect(slice.end?.time != nil)
        }
        await session.close()
    }

    @Test("Cancelling ends a wait with CancellationError, and the session can go on")
    func cancellation() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY);")
        let session = try await file.open()
        let wait = Task { try await session.next() }
        wait.cancel()
        await #expect(throws: CancellationError.self) { _ = try await wait.value }
        try file.shell("INSERT INTO t VALUES (1);")
        guard case .slice(let slice) = try await session.next() else {
            Issue.record("not a slice")
            return
        }
        #expect(slice.changes.count == 1)
        await session.close()
    }

    #if os(Linux)
    @Test("Writes to the file and to a journal that comes anew are heard, those to the folder's other files are not")
    func bell() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY);", journal: "delete")
        let bell = Bell(path: file.path)
        try file.shell("INSERT INTO t VALUES (1);")
        #expect(bell.drainWrites())
        #expect(!bell.drainWrites())
        let other = file.path + "-other"
        try Data("one".utf8).write(to: URL(fileURLWithPath: other))
        try Data("another".utf8).write(to: URL(fileURLWithPath: other))
        #expect(!bell.drainWrites())
        // SQLite removes this journal with each commit and makes it anew with the next.
        let journal = file.path + "-journal"
        #expect(FileManager.default.createFile(atPath: journal, contents: nil))
        #expect(bell.drainWrites())
        let handle = try #require(FileHandle(forWritingAtPath: journal))
        try handle.write(contentsOf: Data("pages".utf8))
        try handle.close()
        #expect(bell.drainWrites())
    }
    #endif

    @Test("Closing ends a wait")
    func closing() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY);")
        let session = try await file.open()
        let wait = Task { try await session.next() }
        await session.close()
        await #expect(throws: (any Error).self) { _ = try await wait.value }
        #expect(try file.shell("SELECT count(*) FROM _tally_flow") == "1")
    }
}
