import SQLite
import Testing
import TallyModel
import TallySQLite

@Suite("Capture by timestamp", .timeLimit(.minutes(15)))
struct TimestampPollingTests {
    private static let orders = """
        CREATE TABLE orders(id INTEGER PRIMARY KEY, note TEXT, gone, at TEXT);
        CREATE INDEX orders_at ON orders(at);
        INSERT INTO orders VALUES (1, 'old', NULL, '2026-11-21 08:00:00'), (2, 'last', NULL, '2026-11-21 09:00:00');
        """

    @Test("a fresh stream begins at what the tables hold, and brings what is written after")
    func freshStart() async throws {
        let file = try PolledFile(Self.orders)
        let session = try await file.open(.stamped())
        let chunk = try await session.chunk(of: TableName("orders"), in: .all, limit: .mebibytes(1))
        try file.shell(
            "INSERT INTO orders VALUES (3, 'new', NULL, '2026-11-21 09:30:00');"
                + "UPDATE orders SET note = 'changed', at = '2026-11-21 09:40:00' WHERE id = 1"
        )
        let polled = try await Polled(session)
        #expect(chunk.rows.map { $0[0] } == [.integer(1), .integer(2)])
        // Row 2 stands at the mark, so it lies in the overlap.
        #expect(polled.keys == ["+2", "+3", "+1"])
        let changed: [Value] = [.integer(1), .text("changed"), .null, .text("2026-11-21 09:40:00")]
        #expect(polled.changes.last?.change.row.values == changed)
        #expect(polled.end >= chunk.asOf)
        let start = await session.start
        #expect(start < chunk.asOf)
        #expect(start.detail.contains("2026-11-21 09:00:00"))
        await session.close()
    }

    @Test("a row stamped early and committed late is seen within the overlap, and not beyond it")
    func lateCommit() async throws {
        let file = try PolledFile(Self.orders)
        let session = try await file.open(.stamped())
        _ = try await Polled(session)
        try file.shell("INSERT INTO orders VALUES (3, 'late', NULL, '2026-11-21 08:59:50')")
        #expect(try await Polled(session).keys == ["+3"])
        try file.shell("INSERT INTO orders VALUES (4, 'too late', NULL, '2026-11-21 08:59:49')")
        #expect(try await Polled(session).keys == [])
        await session.close()
    }

    @Test("a row in the overlap is sent once, and again when it differs or comes back")
    func deduplication() async throws {
        let file = try PolledFile(Self.orders)
        let session = try await file.open(.stamped())
        #expect(try await Polled(session).keys == ["+2"])
        try file.shell("UPDATE orders SET note = 'old' WHERE id = 1")
        #expect(try await Polled(session).keys == [])
        try file.shell("UPDATE orders SET note = 'e' || char(0x301) WHERE id = 2")
        #expect(try await Polled(session).keys == ["+2"])
        try file.shell("UPDATE orders SET note = char(0xe9) WHERE id = 2")
        #expect(try await Polled(session).keys == ["+2"])
        try file.shell("CREATE TEMP TABLE kept AS SELECT * FROM orders WHERE id = 2; DELETE FROM orders WHERE id = 2")
        #expect(try await Polled(session).keys == [])
        try file.shell("INSERT INTO orders VALUES (2, char(0xe9), NULL, '2026-11-21 09:00:00')")
        #expect(try await Polled(session).keys.contains("+2"))
        await session.close()
    }

    @Test("rows that are marked as deleted are sent as deletes, and chunks leave them out")
    func softDelete() async throws {
        let file = try PolledFile(Self.orders)
        let session = try await file.open(.stamped(softDelete: "gone"))
        try file.shell(
            """
            INSERT INTO orders VALUES (3, '', 0, '2026-11-21 09:30:00'), (4, '', 1, '2026-11-21 09:30:01'),
                (5, '', '', '2026-11-21 09:30:02'), (6, '', '2026-11-21', '2026-11-21 09:30:03'),
                (7, '', '0', '2026-11-21 09:30:04'), (8, '', 0.0, '2026-11-21 09:30:05');
            """
        )
        let polled = try await Polled(session)
        #expect(polled.keys == ["+2", "+3", "-4", "+5", "-6", "+7", "+8"])
        #expect(polled.changes[2].change.row.values == [.integer(4), nil, nil, nil])
        let chunk = try await session.chunk(of: TableName("orders"), in: .all, limit: .mebibytes(1))
        #expect(chunk.rows.map { $0[0] } == [1, 2, 3, 5, 7, 8].map { .integer($0) })
        #expect(chunk.isLast)
        await session.close()
    }

    @Test(
        "each form of time is followed, within the overlap and across a restart",
        arguments: [
            ("TEXT", "'2026-11-21 09:00:00'", "'2026-11-21 08:59:55'", "'2026-11-21 09:00:01'"),
            ("DATETIME", "'2026-11-21T09:00:00.500Z'", "'2026-11-21T08:59:51Z'", "'2026-11-21T09:00:00.75Z'"),
            ("TEXT", "'2026-11-21 09:00:00+02:00'", "'2026-11-21 08:59:51+02:00'", "'2026-11-21 08:00:00+00:00'"),
            ("TEXT", "'2026-11-21 08:59'", "'2026-11-21 08:59'", "'2026-11-21 09:00'"),
            ("DATE", "'2026-11-20'", "'2026-11-20'", "'2026-11-21'"),
            ("INTEGER", "1795251600", "1795251590", "1795251601"),
            ("INTEGER", "1795251600000", "1795251590001", "1795251600001"),
            ("INTEGER", "1795251600000000", "1795251590000001", "1795251600000001"),
            ("REAL", "1795251600.125", "1795251590.5", "1795251600.25"),
            ("REAL", "2461365.875", "2461365.8749", "2461365.8751"),
            ("NUMERIC", "2461365", "2461365.0001", "2461365.0002"),
            ("", "1795251600", "1795251595", "1795251601"),
        ]
    )
    func forms(type: String, mark: String, late: String, next: String) async throws {
        let file = try PolledFile(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, at \(type)); INSERT INTO t VALUES (1, \(mark))"
        )
        let session = try await file.open(.stamped())
        _ = try await Polled(session)
        try file.shell("INSERT INTO t VALUES (2, \(late))")
        #expect(try await Polled(session).keys == ["+2"])
        try file.shell("INSERT INTO t VALUES (3, \(next))")
        let polled = try await Polled(session)
        #expect(polled.keys == ["+3"])
        let checkpoint = Checkpoint(sourceID: await session.sourceID, position: polled.end)
        await session.close()

        let encoded = try #require(Position(encoded: checkpoint.position.encoded))
        try file.shell("INSERT INTO t VALUES (4, \(next))")
        let again = try await file.open(.stamped(), from: Checkpoint(sourceID: checkpoint.sourceID, position: encoded))
        let resumed = try await Polled(again)
        #expect(Set(resumed.keys).isSuperset(of: ["+3", "+4"]))
        #expect(resumed.end > checkpoint.position)
        await again.close()
    }

    @Test("rows stamped in the future do not hide those stamped rightly, and are sent once")
    func futureStamps() async throws {
        let file = try PolledFile(Self.orders)
        try file.shell("INSERT INTO orders VALUES (3, 'far', NULL, '2027-01-01 00:00:00')")
        let session = try await file.open(.stamped())
        #expect(try await Polled(session).keys == ["+2", "+3"])
        try file.shell("INSERT INTO orders VALUES (4, 'now', NULL, '2026-11-21 10:00:00')")
        #expect(try await Polled(session).keys == ["+4"])
        // As old as the overlap from a mark of 10:00:00, which the row in the future did not move.
        try file.shell("INSERT INTO orders VALUES (5, 'late', NULL, '2026-11-21 09:59:50')")
        let polled = try await Polled(session)
        #expect(polled.keys == ["+5"])
        #expect(polled.end.detail.contains("t2026-11-21 10:00:00"))
        await session.close()

        let checkpoint = Checkpoint(sourceID: await session.sourceID, position: polled.end)
        file.moveClock(by: 100 * 86_400)
        let later = try await file.open(.stamped(), from: checkpoint)
        let caughtUp = try await Polled(later)
        #expect(caughtUp.keys == ["+5", "+4", "+3"])
        #expect(caughtUp.end.detail.contains("t2027-01-01 00:00:00"))
        await later.close()
    }

    @Test("rows without a stamp are not seen")
    func nullStamp() async throws {
        let file = try PolledFile(Self.orders)
        let session = try await file.open(.stamped())
        _ = try await Polled(session)
        try file.shell("INSERT INTO orders VALUES (3, 'unstamped', NULL, NULL)")
        #expect(try await Polled(session).keys == [])
        await session.close()
    }

    @Test("a table that was empty at first is seen from its first row on, also after a restart")
    func emptyAtFirst() async throws {
        let file = try PolledFile("CREATE TABLE t(id INTEGER PRIMARY KEY, at TEXT)")
        let session = try await file.open(.stamped())
        let end = try await Polled(session).end
        let checkpoint = Checkpoint(sourceID: await session.sourceID, position: end)
        await session.close()
        try file.shell("INSERT INTO t VALUES (1, '2001-01-01'), (2, '2026-11-21 09:00:00')")
        let again = try await file.open(.stamped(), from: checkpoint)
        #expect(try await Polled(again).keys == ["+1", "+2"])
        await again.close()
    }

    @Test("the time of a batch is the earliest stamp that it is the first to bring")
    func commitTime() async throws {
        let file = try PolledFile(Self.orders)
        let session = try await file.open(.stamped())
        let first = try await Polled(session)
        #expect(first.slices.last?.end?.time == nil)
        try file.shell(
            "INSERT INTO orders VALUES (3, '', NULL, '2026-11-21 09:30:00'), (4, '', NULL, '2026-11-21 09:40:00')"
        )
        let second = try await Polled(session)
        #expect(second.slices.last?.end?.time == Timestamp(microseconds: 1_795_253_400_000_000))
        await session.close()
    }

    @Test("a window too large to remember is not sent for ever")
    func largeWindow() async throws {
        let file = try PolledFile("CREATE TABLE other(id INTEGER PRIMARY KEY, at TEXT);" + Self.orders)
        let session = try await file.open(.stamped(overlap: .zero))
        _ = try await Polled(session)
        let count = 140_000
        try file.shell(
            """
            WITH RECURSIVE n(i) AS (VALUES (10) UNION ALL SELECT i + 1 FROM n WHERE i < \(count + 9))
            INSERT INTO orders SELECT i, 'bulk', NULL, '2026-11-21 09:45:00' FROM n
            """
        )
        let all = try await Polled(session)
        #expect(all.changes.count == count)
        #expect(all.slices.allSatisfy { $0.byteCount < 600 << 10 })
        #expect(all.slices.count { $0.end != nil } == 1)
        try file.shell("INSERT INTO other VALUES (1, '2026-11-21 09:50:00')")
        #expect(try await Polled(session).keys.contains("+1"))
        try file.shell("INSERT INTO other VALUES (2, '2026-11-21 09:51:00')")
        #expect(try await Polled(session).keys == ["+2"])
        try file.shell("INSERT INTO orders VALUES (3, 'after', NULL, '2026-11-21 09:45:01')")
        #expect(try await Polled(session).keys == ["+3"])
        await session.close()
    }
}
