import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("Waiting for commits")
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
