import SQLite
import Testing
import TallyModel
import TallySQLite

@Suite("Structure of a polled source", .timeLimit(.minutes(15)))
struct PolledSchemaTests {
    private static let table = """
        CREATE TABLE a(id INTEGER PRIMARY KEY, at TEXT, x TEXT);
        INSERT INTO a VALUES (1, '2026-11-21 09:00:00', 'x');
        """

    @Test("an added column is announced, before rows that have it, and the table is loaded again")
    func addedColumn() async throws {
        let file = try PolledFile(Self.table)
        let session = try await file.open(.stamped())
        let before = try #require(await session.tables.first)
        _ = try await Polled(session)
        try file.shell(
            "ALTER TABLE a ADD COLUMN y TEXT DEFAULT 'd'; INSERT INTO a VALUES (2, '2026-11-21 09:01:00', '', 'y')"
        )
        let polled = try await Polled(session)
        guard case .altered(let from, let to)? = polled.structure.first, polled.structure.count == 2,
            case .invalidated(let invalidated, _) = polled.structure[1]
        else {
            Issue.record("unexpected: \(polled.structure)")
            return
        }
        #expect(from == before)
        #expect(to.version > from.version)
        #expect(invalidated == to)
        #expect(to.columns.map(\.name) == ["id", "at", "x", "y"])
        #expect(to.columns.prefix(3).map(\.id) == from.columns.map(\.id))
        #expect(polled.changes.last?.table == to)
        #expect(polled.changes.last?.change.row.values.last == .text("y"))
        let chunk = try await session.chunk(of: TableName("a"), in: .all, limit: .mebibytes(1))
        #expect(chunk.schema == to)
        await session.close()
    }

    @Test("a dropped column needs no load; a renamed one is another column and needs one")
    func droppedAndRenamed() async throws {
        let file = try PolledFile(Self.table)
        let session = try await file.open(.stamped())
        _ = try await Polled(session)
        try file.shell("ALTER TABLE a ADD COLUMN y")
        _ = try await Polled(session)
        try file.shell("ALTER TABLE a DROP COLUMN y")
        let dropped = try await Polled(session)
        #expect(dropped.structure.count == 1)
        guard case .altered(let from, let to)? = dropped.structure.first else {
            Issue.record("unexpected: \(dropped.structure)")
            return
        }
        #expect(Set(from.columns.map(\.id)).subtracting(to.columns.map(\.id)).count == 1)
        try file.shell("ALTER TABLE a RENAME COLUMN x TO z")
        let renamed = try await Polled(session)
        guard renamed.structure.count == 2, case .altered(let old, let new) = renamed.structure[0],
            case .invalidated = renamed.structure[1]
        else {
            Issue.record("unexpected: \(renamed.structure)")
            return
        }
        #expect(old.columns[2].id != new.columns[2].id)
        await session.close()
    }

    @Test("tables that come and go are announced")
    func createdAndDropped() async throws {
        let file = try PolledFile(Self.table + "CREATE TABLE gone(id INTEGER PRIMARY KEY, at TEXT);")
        let session = try await file.open(.stamped(), tables: ["*", "!ignored"])
        _ = try await Polled(session)
        try file.shell(
            """
            DROP TABLE gone; CREATE TABLE ignored(x);
            CREATE TABLE fresh(id INTEGER PRIMARY KEY, at TEXT); INSERT INTO fresh VALUES (5, '2026-11-21 09:00:00')
            """
        )
        let polled = try await Polled(session)
        #expect(polled.structure.map(\.table.name) == ["gone", "fresh"])
        guard case .dropped = polled.structure[0], case .created(let schema) = polled.structure[1] else {
            Issue.record("unexpected: \(polled.structure)")
            return
        }
        #expect(schema.columns.map(\.name) == ["id", "at"])
        #expect(polled.keys.contains("+5"))
        await session.close()
    }

    @Test("a table without a key is loaded again when the file's structure changes")
    func keyless() async throws {
        let file = try PolledFile("CREATE TABLE k(at TEXT, x); INSERT INTO k VALUES ('2026-11-21 09:00:00', 1)")
        let session = try await file.open(.stamped())
        #expect(try await Polled(session).keys == ["+1"])
        try file.shell("VACUUM")
        let polled = try await Polled(session)
        guard polled.structure.count == 1, case .invalidated(let schema, _) = polled.structure[0] else {
            Issue.record("unexpected: \(polled.structure)")
            return
        }
        #expect(schema.hasImplicitKey)
        await session.close()
    }

    @Test("a structure that changed while nobody polled has the table loaded again, with the same column ids")
    func changedWhileStopped() async throws {
        let file = try PolledFile(Self.table + "CREATE TABLE b(id INTEGER PRIMARY KEY, at TEXT);")
        let session = try await file.open(.stamped())
        let before = await session.tables
        let checkpoint = Checkpoint(sourceID: await session.sourceID, position: try await Polled(session).end)
        await session.close()
        try file.shell("ALTER TABLE a RENAME COLUMN x TO z")
        let again = try await file.open(.stamped(), from: checkpoint)
        let after = await again.tables
        #expect(after[0].columns.prefix(2).map(\.id) == before[0].columns.prefix(2).map(\.id))
        #expect(after[0].columns[2].id != before[0].columns[2].id)
        let polled = try await Polled(again)
        #expect(polled.structure.map(\.table.name) == ["a"])
        guard case .invalidated? = polled.structure.first else {
            Issue.record("unexpected: \(polled.structure)")
            return
        }
        await again.close()
    }

    @Test("a table without the column, or with one that holds no times, stops the flow and says what to do")
    func unpollable() async throws {
        let file = try PolledFile(Self.table + "CREATE TABLE b(id INTEGER PRIMARY KEY);")
        let missing = await #expect(throws: StoreError.self) { _ = try await file.open(.stamped()) }
        #expect(missing?.code == .incompatibleSchema)
        #expect(missing?.message.contains("table b has no column at") == true)
        #expect(missing?.message.contains("\"!b\"") == true)
        let unreadable = await #expect(throws: StoreError.self) {
            _ = try await file.open(.stamped("x"), tables: ["a"])
        }
        #expect(unreadable?.code == .incompatibleSchema)
        let session = try await file.open(.stamped(), tables: ["*", "!b"])
        #expect(await session.tables.map(\.name.name) == ["a"])
        _ = try await Polled(session)
        try file.shell("CREATE TABLE c(id INTEGER PRIMARY KEY)")
        let later = await #expect(throws: StoreError.self) { _ = try await Polled(session) }
        #expect(later?.message.contains("table c has no column at") == true)
        await session.close()
    }
}
