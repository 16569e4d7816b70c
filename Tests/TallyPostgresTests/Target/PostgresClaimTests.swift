import PrivatePostgres
import TallyModel
import TallyPostgres
import Testing

@Suite("A PostgreSQL target's checkpoint and claim", .timeLimit(.minutes(15)))
struct PostgresClaimTests {
    private let checkpoint = Checkpoint(sourceID: "source", position: Position(order: 7, detail: "one"))

    @Test("are kept with the data and read back by the next session")
    func checkpointIsKept() async throws {
        let database = try await TargetDatabase()
        let first = try await database.open()
        #expect(await first.progress == FlowProgress())
        let note = TableNote(table: TableName("a", schema: "s"), text: "half")
        try await first.commit(checkpoint, notes: [note, TableNote(table: TableName("b"), text: "x")])
        try await first.commit(nil, notes: [TableNote(table: TableName("b"), text: "")])
        await first.close()
        let second = try await database.open()
        #expect(await second.progress == FlowProgress(checkpoint: checkpoint, notes: [note]))
        #expect(await second.identity.id == first.identity.id)
        #expect(try await database.target.progress(of: "flow") == FlowProgress(checkpoint: checkpoint, notes: [note]))
        #expect(try await database.target.progress(of: "other") == nil)
        #expect(
            try await database.psql("SELECT flow, source_id, position FROM tally.checkpoint") == "flow|source|7 one"
        )
        await second.close()
    }

    @Test("refuse a second runner while the first is connected, and name it")
    func held() async throws {
        let database = try await TargetDatabase()
        let first = try await database.open()
        let error = await #expect(throws: StoreError.self) { try await database.open() }
        #expect(error?.code == .held)
        #expect(error?.message.contains("process 4711 on here") == true)
        let other = try await database.open("other")
        await other.close()
        await first.close()
        let next = try await database.open()
        await next.close()
        #expect(try await database.psql("SELECT count(runner_id) FROM tally.checkpoint") == "0")
    }

    @Test("do not wait for a runner that crashed")
    func crashed() async throws {
        let database = try await TargetDatabase()
        let first = try await database.open()
        try await database.cutConnections()
        let second = try await database.open()
        try await second.commit(checkpoint, notes: [])
        await second.close()
        await first.close()
        #expect(try await database.psql("SELECT position FROM tally.checkpoint") == "7 one")
    }

    // The source is told to forget what a session says is durable. A server that crashes may lose the last commits, and
    // is there again before anybody notices.
    @Test("never call durable what was committed before the server crashed and came back")
    func crashedServer() async throws {
        let server = try await PostgresServer.start()
        let target = PostgresTarget(options: try ConnectionOptions(server.url()))
        let session = try await target.open(flow: "flow", runner: Runner.made(), takeOver: false)
        try await session.commit(checkpoint, notes: [])
        try await server.restart(.immediate)
        let error = await #expect(throws: StoreError.self) { try await session.makeDurable() }
        #expect(error?.code == .unreachable)
        await #expect(throws: StoreError.self) { try await session.makeDurable() }
        await session.close()
        let next = try await target.open(flow: "flow", runner: Runner.made(), takeOver: false)
        try await next.makeDurable()
        await next.close()
        await server.remove()
    }

    @Test("let the same runner in again after its connection was lost")
    func reconnected() async throws {
        let database = try await TargetDatabase()
        let runner = Runner.made()
        let first = try await database.open(runner: runner)
        let second = try await database.open(runner: runner)
        try await second.commit(checkpoint, notes: [])
        await first.close()
        await second.close()
    }

    @Test("fence off a runner that was replaced: it writes nothing more")
    func fenced() async throws {
        let database = try await TargetDatabase("CREATE TABLE t (id int PRIMARY KEY, v text)")
        let schema = try await database.schema("t")
        // A role that may not end the connection of the one that it replaces.
        try await database.psql(
            """
            CREATE ROLE other_\(database.name) LOGIN; GRANT CREATE ON DATABASE \(database.name) TO other_\(database.name)
            """
        )
        let first = try await database.open()
        try await database.psql(
            """
            GRANT USAGE, CREATE ON SCHEMA tally TO other_\(database.name);
            GRANT ALL ON ALL TABLES IN SCHEMA tally TO other_\(database.name)
            """
        )
        try await first.apply([.insert(.integer(1), .text("stale"))], to: schema)
        let options = try ConnectionOptions(
            database.server.url(database: database.name, user: "other_\(database.name)")
        )
        let second = try await PostgresTarget(options: options).open(flow: "flow", runner: .made(), takeOver: true)
        let error = await #expect(throws: StoreError.self) { try await first.commit(checkpoint, notes: []) }
        #expect(error?.code == .fenced)
        #expect(try await database.psql("SELECT count(*) FROM t") == "0")
        await first.close()
        try await second.commit(checkpoint, notes: [])
        // With the first one gone, a commit has taken its lock: a third is refused.
        let refusal = await #expect(throws: StoreError.self) { try await database.open() }
        #expect(refusal?.code == .held)
        await second.close()
    }

    @Test("end the connection of a runner that is replaced, so that what it left open blocks nobody")
    func takeOver() async throws {
        let database = try await TargetDatabase("CREATE TABLE t (id int PRIMARY KEY, v text)")
        let schema = try await database.schema("t")
        let first = try await database.open()
        try await first.apply([.insert(.integer(1), .text("stale"))], to: schema)
        let second = try await database.open(takeOver: true)
        try await second.apply([.insert(.integer(1), .text("fresh"))], to: schema)
        try await second.commit(checkpoint, notes: [])
        #expect(try await database.psql("SELECT * FROM t") == "1|fresh")
        await second.close()
        await first.close()
    }

    @Test("say that the outcome is unknown when the connection is lost in a commit, and unreachable before")
    func lost() async throws {
        let database = try await TargetDatabase("CREATE TABLE t (id int PRIMARY KEY, v text)")
        let schema = try await database.schema("t")
        let first = try await database.open()
        try await first.apply([.insert(.integer(1), .text("a"))], to: schema)
        try await database.cutConnections()
        let error = await #expect(throws: StoreError.self) { try await first.commit(checkpoint, notes: []) }
        #expect(error?.code == .outcomeUnknown)
        await first.close()
        let second = try await database.open()
        try await database.cutConnections()
        let lost = await #expect(throws: StoreError.self) {
            try await second.apply([.insert(.integer(1), .text("a"))], to: schema)
        }
        #expect(lost?.code == .unreachable)
        await second.close()
        #expect(try await database.psql("SELECT count(*) FROM t") == "0")
    }

    @Test("are gone with the last flow, together with Tally's schema")
    func removal() async throws {
        let database = try await TargetDatabase("CREATE TABLE t (id int PRIMARY KEY)")
        for flow in ["one", "two"] {
            let session = try await database.open(flow)
            try await session.commit(checkpoint, notes: [TableNote(table: TableName("t"), text: "x")])
            await session.close()
        }
        try await database.target.remove(flow: "one")
        #expect(try await database.psql("SELECT flow FROM tally.checkpoint") == "two")
        try await database.target.remove(flow: "two")
        try await database.target.remove(flow: "two")
        #expect(
            try await database.psql("SELECT to_regnamespace('tally') IS NULL, to_regclass('t') IS NOT NULL") == "t|t"
        )
    }

    @Test("are made once where several flows begin together")
    func together() async throws {
        let database = try await TargetDatabase()
        try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<6 {
                group.addTask {
                    let session = try await database.open("flow \(number)")
                    let id = await session.identity.id
                    await session.close()
                    return id
                }
            }
            var ids: Set<String> = []
            for try await id in group { ids.insert(id) }
            #expect(ids.count == 1)
        }
        #expect(try await database.psql("SELECT count(*) FROM tally.checkpoint") == "6")
    }

    // first session                     another program          next session, same runner
    // a chunk is on its way             holds the table
    // its own connection is lost
    //                                                            opens: the chunk is ended
    //                                   lets go                  the chunk is never seen
    @Test("end a chunk that a lost session left on its way, before the next one reads where it is")
    func chunkOnItsWay() async throws {
        let database = try await TargetDatabase("CREATE TABLE t (id int PRIMARY KEY)")
        let runner = Runner.made()
        let first = try await database.open(runner: runner)
        let schema = try await database.schema("t")
        let holder = try PostgresConnection(
            ConnectionOptions(database.server.url(database: database.name)),
            application: "another program"
        )
        try holder.execute("BEGIN; LOCK TABLE t IN SHARE ROW EXCLUSIVE MODE")
        let chunk = Chunk(
            schema: schema,
            rows: [Row([.integer(1)])],
            range: .all,
            isLast: true,
            asOf: Position(order: 1),
            byteCount: 8
        )
        let writing = Task { try await first.load(beside: chunk) }
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 't'::regclass"
        while try await database.psql(waiting) == "0" {}
        // The session's own connection alone: the one with the lock on the flow.
        try await database.psql(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks "
                + "WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' "
                + "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        let next = try await database.open(runner: runner)
        try holder.execute("ROLLBACK")
        await #expect(throws: StoreError.self) { try await writing.value }
        #expect(try await database.psql("SELECT count(*) FROM t") == "0")
        await first.close()
        await next.close()
    }

    @Test("survive a loss of power once they were made durable")
    func durable() async throws {
        let own = try await PostgresServer.start()
        try await own.psql("CREATE TABLE t (id int PRIMARY KEY)")
        let target = PostgresTarget(options: try ConnectionOptions(own.url()))
        let session = try await target.open(flow: "flow", runner: .made(), takeOver: false)
        let schema = try #require(try await target.catalog().first)
        try await session.apply([.insert(.integer(1))], to: schema)
        try await session.commit(checkpoint, notes: [])
        try await session.makeDurable()
        try await own.restart(.immediate)
        #expect(try await own.psql("SELECT id FROM t") == "1")
        let error = await #expect(throws: StoreError.self) { try await session.makeDurable() }
        #expect(error?.code == .unreachable)
        await session.close()
        await own.remove()
    }
}
