import SQLite
import Testing
import TallyModel
import TallySQLite

@Suite("Capture by version", .timeLimit(.minutes(15)))
struct VersionPollingTests {
    private static let items = """
        CREATE TABLE items(a TEXT, b INTEGER, name TEXT, v INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID;
        INSERT INTO items VALUES ('x', 1, 'one', 5), ('x', 2, 'two', 7);
        """

    @Test("rows with a greater version are brought, in the order of their versions")
    func versions() async throws {
        let file = try PolledFile(Self.items)
        let session = try await file.open(.versioned())
        #expect(try await Polled(session).keys == ["+x,2"])
        try file.shell(
            "UPDATE items SET name = 'uno', v = 9 WHERE b = 1; INSERT INTO items VALUES ('y', 3, 'three', 8)"
        )
        let polled = try await Polled(session)
        #expect(polled.keys == ["+y,3", "+x,1"])
        #expect(polled.slices.last?.end?.time == nil)
        await session.close()
    }

    @Test("a version committed late is seen within the overlap, and not beyond it")
    func overlap() async throws {
        let file = try PolledFile(Self.items)
        let session = try await file.open(.versioned(overlap: 3))
        _ = try await Polled(session)
        try file.shell("INSERT INTO items VALUES ('y', 4, 'late', 4)")
        #expect(try await Polled(session).keys == ["+y,4"])
        try file.shell("INSERT INTO items VALUES ('y', 3, 'too late', 3)")
        #expect(try await Polled(session).keys == [])
        await session.close()
    }

    @Test("versions beyond 2^53 and at the ends of the range are exact")
    func extremes() async throws {
        let file = try PolledFile(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t VALUES (1, -9223372036854775808)"
        )
        let session = try await file.open(.versioned(overlap: 5))
        #expect(try await Polled(session).keys == ["+1"])
        try file.shell("INSERT INTO t VALUES (2, 9007199254740992), (3, 9007199254740993)")
        #expect(try await Polled(session).keys == ["+2", "+3"])
        try file.shell("INSERT INTO t VALUES (4, 9223372036854775807)")
        let polled = try await Polled(session)
        #expect(polled.keys == ["+4"])
        #expect(polled.end.detail.contains("\"mark\":\"i9223372036854775807\""))
        await session.close()
    }

    @Test("after the source's versions went back, new writes are seen all the same")
    func versionsWentBack() async throws {
        let file = try PolledFile(Self.items)
        try file.shell("INSERT INTO items VALUES ('z', 1, 'top', 100)")
        let session = try await file.open(.versioned())
        let end = try await Polled(session).end
        let checkpoint = Checkpoint(sourceID: await session.sourceID, position: end)
        await session.close()
        try file.shell("DELETE FROM items WHERE v = 100")
        let again = try await file.open(.versioned(), from: checkpoint)
        #expect(try await Polled(again).keys == [])
        try file.shell("INSERT INTO items VALUES ('z', 2, 'after', 8)")
        #expect(try await Polled(again).keys.contains("+z,2"))
        await again.close()
    }
}
