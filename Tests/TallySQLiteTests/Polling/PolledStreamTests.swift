import Foundation
import SQLite
import Testing
import TallyModel
import TallySQLite

@Suite("The stream of a polled source", .timeLimit(.minutes(15)))
struct PolledStreamTests {
    private static let two = """
        CREATE TABLE a(id INTEGER PRIMARY KEY, at TEXT, x);
        CREATE TABLE b(id INTEGER PRIMARY KEY, at TEXT);
        INSERT INTO a VALUES (1, '2026-11-21 09:00:00', 'x');
        """

    @Test("a poll is one batch over all tables, in one snapshot")
    func oneBatch() async throws {
        let file = try PolledFile(Self.two)
        let session = try await file.open(.stamped())
        _ = try await Polled(session)
        try file.shell(
            "BEGIN; INSERT INTO a VALUES (2, '2026-11-21 09:30:00', 1); INSERT INTO b VALUES (7, '2026-11-21 09:30:00');"
                + "COMMIT"
        )
        let polled = try await Polled(session)
        #expect(polled.slices.count == 1)
        #expect(polled.slices[0].tables.map(\.name.name) == ["a", "b"])
        #expect(polled.keys == ["+2", "+7"])
        await session.close()
    }

    @Test("on a quiet source the latest position is reached, and chunks' positions are passed, after a restart too")
    func quietSource() async throws {
        let file = try PolledFile(Self.two)
        let session = try await file.open(.stamped())
        let sourceID = await session.sourceID
        let first = try await Polled(session)
        let chunk = try await session.chunk(of: TableName("a"), in: .all, limit: .mebibytes(1))
        #expect(chunk.asOf > first.end)
        let second = try await Polled(session)
        #expect(second.keys == [])
        #expect(second.end >= chunk.asOf)
        let ahead = try await session.chunk(of: TableName("a"), in: .all, limit: .mebibytes(1))
        await session.close()

        file.moveClock(by: 1)
        let again = try await file.open(.stamped(), from: Checkpoint(sourceID: sourceID, position: second.end))
        let event = try await again.next()
        guard case .slice(let slice) = event else {
            Issue.record("expected a slice, got \(event)")
            return
        }
        #expect(try #require(slice.end).position > ahead.asOf)
        await again.close()
    }

    @Test("a poll of many rows moves as bounded slices of which only the last has an end")
    func slices() async throws {
        let file = try PolledFile(Self.two)
        let session = try await file.open(.stamped())
        _ = try await Polled(session)
        try file.shell(
            """
            WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
            INSERT INTO a SELECT 100 + i, '2026-11-21 09:30:00', zeroblob(1000) FROM n
            """
        )
        let polled = try await Polled(session)
        #expect(polled.changes.count == 3000)
        #expect(polled.slices.count > 4)
        #expect(polled.slices.allSatisfy { $0.byteCount <= 514 << 10 })
        #expect(polled.slices.dropLast().allSatisfy { $0.end == nil })
        await session.close()
    }

    @Test("commits of others go on while a poll is at work, and are seen by the next one")
    func writersBeside() async throws {
        let file = try PolledFile(Self.two + "PRAGMA journal_mode = WAL;")
        try file.shell(
            """
            WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
            INSERT INTO a SELECT 100 + i, '2026-11-21 09:30:00', zeroblob(1000) FROM n
            """
        )
        let session = try await file.open(.stamped())
        guard case .slice(let slice) = try await session.next() else {
            Issue.record("expected a slice")
            return
        }
        #expect(slice.end == nil)
        try file.shell("INSERT INTO b VALUES (9, '2026-11-21 09:31:00')")
        let polled = try await Polled(session)
        #expect(polled.keys.last == "+9")
        #expect(polled.slices.count { $0.end != nil } == 2)
        await session.close()
    }

    @Test("cancelling ends the wait")
    func cancellation() async throws {
        let file = try PolledFile(Self.two)
        let session = try await file.open(
            CaptureSettings(mode: .timestamp, column: "at", poll: .seconds(3600))
        )
        _ = try await Polled(session)
        let waiting = Task { try await session.next() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        await session.close()
    }

    @Test("sweeps fall due for the tables that hold rows, and never for empty ones")
    func sweeps() async throws {
        let file = try PolledFile(Self.two)
        var settings = CaptureSettings.stamped()
        settings.sweep = .milliseconds(20)
        let session = try await file.open(settings)
        var due: [TableName]?
        while due == nil {
            if case .sweepDue(let names) = try await session.next() { due = names }
        }
        #expect(due == [TableName("a")])
        #expect(try await session.sweepable() == [TableName("a")])
        await session.close()
    }

    @Test("a source that cannot be written is polled, known by its path, also once it can be written")
    func readOnlySource() async throws {
        let file = try PolledFile(Self.two)
        try file.setWritable(false)
        let before = try Data(contentsOf: URL(fileURLWithPath: file.path))
        let session = try await file.open(.stamped())
        let first = try await Polled(session)
        #expect(first.keys == ["+1"])
        let sourceID = await session.sourceID
        #expect(sourceID.hasPrefix("path-"))
        await session.close()
        #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)) == before)

        try file.setWritable(true)
        try file.shell("INSERT INTO b VALUES (2, '2026-11-21 09:30:00')")
        let again = try await file.open(.stamped(), from: Checkpoint(sourceID: sourceID, position: first.end))
        #expect(try await Polled(again).keys == ["+1", "+2"])
        #expect(await again.sourceID == sourceID)
        await again.close()
        #expect(try file.shell("SELECT count(*) FROM sqlite_schema WHERE name LIKE '_tally%'") == "0")
    }

    @Test("nothing but the identity and the flow's name is ever written to the source, and both go with the flow")
    func writesIdentityOnly() async throws {
        let file = try PolledFile(Self.two)
        let session = try await file.open(.stamped())
        _ = try await Polled(session)
        _ = try await session.chunk(of: TableName("a"), in: .all, limit: .mebibytes(1))
        await session.close()
        let names = try file.shell("SELECT name FROM sqlite_schema ORDER BY name")
        #expect(names == "_tally_reader\n_tally_store\na\nb")
        let sourceID = await session.sourceID
        let again = try await file.open(.stamped())
        #expect(await again.sourceID == sourceID)
        await again.close()
        let flow = try file.shell("SELECT flow FROM _tally_reader")
        try await SQLiteSource(path: file.path, observer: nil).remove(flow: flow)
        #expect(try file.shell("SELECT name FROM sqlite_schema ORDER BY name") == "a\nb")
    }

    // MARK: Histories

    @Test("another file in the place of the source is refused")
    func replacedFile() async throws {
        let file = try PolledFile(Self.two)
        let session = try await file.open(.stamped())
        let end = try await Polled(session).end
        await session.close()
        let other = Checkpoint(sourceID: "another", position: end)
        await expect(.sourceReplaced) { try await file.open(.stamped(), from: other) }
    }

    @Test("a file that is replaced while it is polled is noticed")
    func replacedWhileOpen() async throws {
        let file = try PolledFile(Self.two)
        let session = try await file.open(.stamped())
        _ = try await Polled(session)
        try FileManager.default.moveItem(atPath: file.path, toPath: file.path + ".moved")
        try file.shell(Self.two)
        await expect(.unreachable) { try await Polled(session) }
        await session.close()
    }

    @Test("a checkpoint of another kind of capture is refused")
    func otherCapture() async throws {
        let file = try PolledFile(Self.two)
        let session = try await file.open(.stamped())
        let sourceID = await session.sourceID
        await session.close()
        let checkpoint = Checkpoint(sourceID: sourceID, position: Position(order: 17, detail: "9af3"))
        await expect(.historyLost) { try await file.open(.stamped(), from: checkpoint) }
    }

    @Test("a source restored from a backup with an older structure is refused")
    func olderStructure() async throws {
        let file = try PolledFile(Self.two)
        try await file.open(.stamped()).close()
        try FileManager.default.copyItem(atPath: file.path, toPath: file.path + ".backup")
        try file.shell("ALTER TABLE a ADD COLUMN y")
        let session = try await file.open(.stamped())
        let checkpoint = Checkpoint(sourceID: await session.sourceID, position: try await Polled(session).end)
        await session.close()
        try FileManager.default.removeItem(atPath: file.path)
        try FileManager.default.moveItem(atPath: file.path + ".backup", toPath: file.path)
        await expect(.historyWentBackwards) { try await file.open(.stamped(), from: checkpoint) }
    }

    @Test("with another cursor column the whole table is read again")
    func otherColumn() async throws {
        let file = try PolledFile(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, at TEXT, at2 TEXT);"
                + "INSERT INTO t VALUES (1, '2026-11-21 09:00:00', '2020-01-01'), (2, '2026-11-21 09:00:00', '2019-01-01')"
        )
        let session = try await file.open(.stamped())
        let checkpoint = Checkpoint(sourceID: await session.sourceID, position: try await Polled(session).end)
        await session.close()
        let again = try await file.open(.stamped("at2"), from: checkpoint)
        #expect(try await Polled(again).keys == ["+2", "+1"])
        await again.close()
    }

    private func expect(
        _ code: StoreError.Code,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> some Any
    ) async {
        let error = await #expect(throws: StoreError.self, sourceLocation: sourceLocation) { _ = try await body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        #expect(error?.table == nil, sourceLocation: sourceLocation)
    }
}
