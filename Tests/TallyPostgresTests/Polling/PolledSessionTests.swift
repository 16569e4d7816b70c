import TallyModel
import TallyPostgres
import Testing

@Suite("PostgreSQL polled by timestamp and by version", .timeLimit(.minutes(15)))
struct PolledSessionTests {
    private static let items = """
        CREATE TABLE items (id int PRIMARY KEY, name text, gone boolean, at timestamptz NOT NULL DEFAULT now(), v bigint);
        CREATE INDEX ON items (at); CREATE INDEX ON items (v); CREATE SEQUENCE versions;
        """
    private static let all = "SELECT * FROM items ORDER BY id"

    private func settings(_ mode: CaptureSettings.Mode, sweep: Duration? = nil, deleted: String? = nil)
        -> CaptureSettings
    {
        CaptureSettings(
            mode: mode,
            column: mode == .timestamp ? "at" : "v",
            overlap: .zero,
            poll: .milliseconds(10),
            sweep: sweep,
            softDelete: deleted
        )
    }

    private func open(
        _ bench: CaptureBench,
        _ settings: CaptureSettings,
        from checkpoint: Checkpoint? = nil,
        user: String = "postgres"
    ) async throws -> any SourceSession {
        try await PolledCapture.open(bench.request(capture: settings, from: checkpoint), bench.options(user: user))
    }

    /// The first follow of a session reads the window again, which is of no interest here.
    private func opened(_ bench: CaptureBench, _ settings: CaptureSettings) async throws -> any SourceSession {
        let session = try await open(bench, settings)
        try await bench.follow(session)
        return session
    }

    private func ids(_ brought: CaptureBench.Brought) -> [Value?] { brought.changes.map { $0.row.values[0] } }

    @Test("brings each row that moved on once, and nothing that did not")
    func moves() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await opened(bench, settings(.timestamp))
            try await bench.write("INSERT INTO items VALUES (1, 'a'), (2, 'b'), (3, 'c')")
            #expect(try await bench.follow(session).letters == "uuu")
            try await bench.write("UPDATE items SET name = 'new', at = now() WHERE id = 2; CREATE TABLE other ()")
            #expect(ids(try await bench.follow(session)) == [.integer(2)])
            #expect(try await bench.follow(session).changes.isEmpty)
            try await bench.expectSame(Self.all)
            await session.close()
        }
    }

    @Test("reads a row that was stamped long before it was committed, however little the overlap")
    func lateCommit() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await opened(bench, settings(.timestamp))
            let late = try bench.writer()
            // late                         early                stream
            // BEGIN (now() is fixed)
            //                              insert 2, COMMIT
            //                                                   brings 2
            // insert 1 with now()
            //                              insert 3, COMMIT
            //                                                   brings 3
            // COMMIT
            //                                                   brings 1
            try late.execute("BEGIN; SELECT now()")
            try await bench.write("INSERT INTO items VALUES (2, 'early')")
            #expect(ids(try await bench.follow(session)) == [.integer(2)])
            try late.execute("INSERT INTO items VALUES (1, 'late')")
            try await bench.write("INSERT INTO items VALUES (3, 'early too')")
            #expect(ids(try await bench.follow(session)) == [.integer(3)])
            try late.execute("COMMIT")
            #expect(ids(try await bench.follow(session)) == [.integer(1)])
            try await bench.expectSame(Self.all)
            await session.close()
        }
    }

    @Test("reads a version that was taken before others and committed after them, in a savepoint too")
    func lateVersion() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await opened(bench, settings(.version))
            let late = try bench.writer()
            let insert = "INSERT INTO items(id, v) VALUES"
            try late.execute(
                "BEGIN; \(insert) (1, nextval('versions')); SAVEPOINT a; \(insert) (2, nextval('versions'))"
            )
            for id in 3...6 {
                try await bench.write("\(insert) (\(id), nextval('versions'))")
                #expect(ids(try await bench.follow(session)) == [.integer(Int64(id))])
            }
            try late.execute("COMMIT")
            #expect(ids(try await bench.follow(session)) == [.integer(1), .integer(2)])
            #expect(try await bench.follow(session).changes.isEmpty)
            try await bench.expectSame(Self.all)
            await session.close()
        }
    }

    @Test("a late commit is found after a restart as well", arguments: [CaptureSettings.Mode.timestamp, .version])
    func restart(mode: CaptureSettings.Mode) async throws {
        try await CaptureBench.run(Self.items) { bench in
            var session = try await opened(bench, settings(mode))
            let late = try bench.writer()
            try late.execute("BEGIN; INSERT INTO items(id, v) VALUES (1, nextval('versions'))")
            try await bench.write(
                "INSERT INTO items(id, v) SELECT n, nextval('versions') FROM generate_series(2, 20) n"
            )
            let first = try await bench.follow(session)
            #expect(first.changes.count == 19)
            await session.close()
            try late.execute("COMMIT")
            let checkpoint = Checkpoint(sourceID: await session.sourceID, position: first.end)
            session = try await open(bench, settings(mode), from: checkpoint)
            #expect(ids(try await bench.follow(session)).contains(.integer(1)))
            try await bench.expectSame(Self.all)
            await session.close()
        }
    }

    @Test("deletes what a column marks, and has keys compared for what is gone")
    func deletes() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await open(bench, settings(.timestamp, sweep: .milliseconds(1), deleted: "gone"))
            try await bench.write("INSERT INTO items VALUES (1, 'a', NULL), (2, 'b', false), (3, 'c', true)")
            try await bench.follow(session)
            try await bench.write("UPDATE items SET gone = true, at = now() WHERE id = 1")
            #expect(try await bench.follow(session).changes.last?.operation == .delete)
            try await bench.expectSame("SELECT id FROM items WHERE gone IS NOT TRUE ORDER BY id")
            let chunk = try await session.chunk(of: TableName("items"), in: .all, limit: .mebibytes(1))
            #expect(chunk.rows.map { $0.values[0] } == [.integer(2)])
            #expect(try await session.sweepable() == [TableName("items")])
            var due: [TableName] = []
            while due.isEmpty { if case .sweepDue(let names) = try await session.next() { due = names } }
            #expect(due == [TableName("items")])
            try await bench.write("DELETE FROM items")
            #expect(try await session.sweepable().isEmpty)
            await session.close()
        }
    }

    @Test("follows columns and tables that come and go, and has them loaded")
    func structure() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await opened(bench, settings(.timestamp))
            let script =
                "ALTER TABLE items ADD COLUMN more int DEFAULT 3; CREATE TABLE later (id int PRIMARY KEY, at date)"
            try await bench.write(script)
            try await bench.writeToCopy(script)
            let changes = try await bench.follow(session).structure
            #expect(changes.count == 3)
            #expect(changes.contains { if case .created(let table) = $0 { table.name.name == "later" } else { false } })
            try await bench.write("INSERT INTO later VALUES (1, current_date), (2, 'infinity')")
            #expect(try await bench.follow(session).letters == "uu")
            try await bench.expectSame("SELECT * FROM later ORDER BY id")
            try await bench.write("DROP TABLE later")
            #expect(try await bench.follow(session).structure == [.dropped(TableName("later"))])
            await session.close()
        }
    }

    @Test("a row stamped in the future hides none that is stamped rightly")
    func future() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await opened(bench, settings(.timestamp))
            try await bench.write(
                "INSERT INTO items VALUES (1, 'a', NULL, now() + interval '1 year'), (2, 'b', NULL, 'infinity')"
            )
            #expect(try await bench.follow(session).letters == "uu")
            try await bench.write("INSERT INTO items VALUES (3, 'c')")
            #expect(ids(try await bench.follow(session)) == [.integer(3)])
            await session.close()
        }
    }

    @Test("writes nothing to the database, and says what it cannot poll or see")
    func findings() async throws {
        try await CaptureBench.run(Self.items) { bench in
            try await bench.write("CREATE ROLE reader LOGIN; GRANT SELECT ON items TO reader")
            let session = try await open(bench, settings(.timestamp), user: "reader")
            try await bench.write("INSERT INTO items VALUES (1, 'a')")
            try await bench.follow(session)
            await session.close()
            #expect(try await bench.leftovers() == "")
            let options = try bench.options(user: "reader")
            let found = await PolledCapture.inspect(bench.request(capture: settings(.timestamp)), options)
            #expect(found.contains { $0.remedy == "GRANT pg_read_all_stats TO reader" })
            #expect(found.contains { $0.message.contains("does not see deletes") })
            var wrong = settings(.timestamp)
            wrong.column = "name"
            let refused = await PolledCapture.inspect(bench.request(capture: wrong), options)
            #expect(refused.contains { $0.severity == .error && $0.table == TableName("items") })
            await #expect(throws: StoreError.self) { try await open(bench, wrong) }
            let checkpoint = Checkpoint(sourceID: await session.sourceID, position: Position(order: 1, detail: "1"))
            let error = await #expect(throws: StoreError.self) {
                try await open(bench, settings(.timestamp), from: checkpoint)
            }
            #expect(error?.code == .historyLost)
        }
    }
}
