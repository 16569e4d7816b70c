import TallyModel
import TallyPostgres
import Testing

@Suite("Changes of structure beside the log", .timeLimit(.minutes(15)))
struct LogStructureTests {
    @Test("a backlog from before columns came, went and were renamed is read as it was")
    func backlog() async throws {
        let table = "CREATE TABLE t (id int PRIMARY KEY, a text, b int, c text)"
        try await LogDatabase.with(table) { database in
            let first = try await database.open()
            var replica = LogReplica(first)
            let checkpoint = Checkpoint(sourceID: first.sourceID, position: first.start)
            await first.close()
            try await database.psql(
                """
                INSERT INTO t VALUES (1, 'x', 10, 'gone'), (2, 'y', 20, 'gone');
                ALTER TABLE t DROP COLUMN c; INSERT INTO t VALUES (3, 'z', 30);
                ALTER TABLE t ADD COLUMN d numeric; UPDATE t SET d = 1.50 WHERE id = 1;
                ALTER TABLE t RENAME COLUMN a TO label; UPDATE t SET label = 'w' WHERE id = 2;
                """
            )
            let session = try await database.open(from: checkpoint)
            replica = LogReplica(session)
            try await replica.settle(session)
            #expect(replica.changes == 5)
            #expect(replica.rows(of: "t") == (try await database.rows(of: "t", orderedBy: "id")))
            await session.close()
        }
    }

    @Test("columns that come while the stream runs are told before the rows that have them")
    func live() async throws {
        try await LogDatabase.with("CREATE TABLE t (id int PRIMARY KEY, a text)") { database in
            let session = try await database.open()
            var replica = LogReplica(session)
            try await database.psql("INSERT INTO t VALUES (1, 'x')")
            try await replica.catchUp(session)
            try await database.psql("ALTER TABLE t ADD COLUMN b int; INSERT INTO t VALUES (2, 'y', 5)")
            try await replica.catchUp(session)
            #expect(replica.events == ["altered t"])
            #expect(replica.rows(of: "t") == ["1|x|", "2|y|5"])
            // Without a change that has it, too.
            try await database.psql("ALTER TABLE t RENAME COLUMN b TO c")
            while replica.events.count < 2 { try replica.take(try await session.next()) }
            #expect(replica.events == ["altered t", "altered t"])
            await session.close()
        }
    }

    // writer                     stream
    // CREATE TABLE late; BEGIN
    // INSERT INTO late (1)
    //                            the table is published
    // INSERT INTO late (2)
    // COMMIT
    //                            created late: only now
    @Test("a table that is new is taken up once every transaction that wrote to it before is over")
    func created() async throws {
        try await LogDatabase.with("CREATE TABLE t (id int PRIMARY KEY)") { database in
            let session = try await database.open()
            var replica = LogReplica(session)
            let writer = try database.connect()
            // In one message, so that the stream does not find the table before it is written to.
            try writer.execute(
                """
                BEGIN; CREATE TABLE late (id int PRIMARY KEY, n int); COMMIT;
                BEGIN; INSERT INTO late VALUES (1, 1)
                """
            )
            let published = "SELECT count(*) FROM pg_publication_tables WHERE tablename = 'late'"
            while try await database.psql(published) == "0" {}
            try await database.psql("INSERT INTO t VALUES (1)")
            try await replica.catchUp(session)
            #expect(replica.events == [])
            try writer.execute("INSERT INTO late VALUES (2, 2)")
            try writer.execute("COMMIT")
            try await replica.follow(session, until: "created late")
            try await database.psql("INSERT INTO late VALUES (3, 3)")
            try await replica.load(TableName("late"), from: session)
            try await database.psql("UPDATE late SET n = 9 WHERE id = 1")
            try await replica.catchUp(session)
            #expect(replica.rows(of: "late") == ["1|9", "2|2", "3|3"])
            await session.close()
        }
    }

    @Test("a table that loses its key is no longer published, so that its users can go on writing")
    func unpublishable() async throws {
        try await LogDatabase.with("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1)") {
            database in
            let session = try await database.open()
            var replica = LogReplica(session)
            try await database.psql("ALTER TABLE t DROP CONSTRAINT t_pkey")
            try await replica.follow(session, until: "dropped t")
            try await database.psql("UPDATE t SET n = 2")
            #expect(try await database.psql("SELECT n FROM t") == "2")
            await session.close()
        }
    }

    @Test("a column of a type without binary form has the stream begin again as text")
    func changeOfForm() async throws {
        try await LogDatabase.with("CREATE TABLE t (id int PRIMARY KEY)") { database in
            var session: any SourceSession = try await database.source.open(database.request())
            let checkpoint = Checkpoint(sourceID: await session.sourceID, position: await session.start)
            try await database.psql(
                """
                ALTER TABLE t ADD COLUMN place point; INSERT INTO t VALUES (1, '(1,2)');
                ALTER TABLE t DROP COLUMN place; INSERT INTO t VALUES (2)
                """
            )
            let error = await #expect(throws: StoreError.self) { while true { _ = try await session.next() } }
            #expect(error?.code == .busy)
            await session.close()
            session = try await database.source.open(database.request(from: checkpoint))
            var keys: [Value?] = []
            let goal = try await session.latest()
            var position = checkpoint.position
            while position < goal {
                guard case .slice(let slice) = try await session.next() else { continue }
                keys += slice.changes.map { $0.row[0] }
                if let end = slice.end { position = end.position }
            }
            #expect(keys == [.integer(1), .integer(2)])
            await session.close()
        }
    }
}
