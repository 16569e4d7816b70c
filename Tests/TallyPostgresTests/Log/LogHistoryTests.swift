import PrivatePostgres
import TallyModel
import TallyPostgres
import Testing

@Suite("Going on from a checkpoint", .timeLimit(.minutes(15)))
struct LogHistoryTests {
    private static let table = "CREATE TABLE t (id int PRIMARY KEY, n int)"

    @Test("brings exactly what was committed after it, acknowledged or not")
    func resumption() async throws {
        try await LogDatabase.with(Self.table) { database in
            var session = try await database.open()
            var replica = LogReplica(session)
            for round in 1...4 {
                try await database.psql(
                    "INSERT INTO t SELECT i, \(round) FROM generate_series(\(round)00, \(round)09) i"
                )
                try await replica.catchUp(session)
                if round.isMultiple(of: 2) { try await session.acknowledge(replica.position) }
                try await database.psql("UPDATE t SET n = n + 10 WHERE id < \(round)05")
                await session.close()
                let checkpoint = Checkpoint(sourceID: session.sourceID, position: replica.position)
                session = try await database.open(from: checkpoint)
                #expect(session.start == replica.position)
            }
            let before = replica.changes
            try await replica.catchUp(session)
            #expect(replica.changes == before + 35)
            #expect(replica.rows(of: "t") == (try await database.rows(of: "t", orderedBy: "id")))
            await session.close()
        }
    }

    @Test("is refused by name where the log since then is gone or another one")
    func refusals() async throws {
        try await LogDatabase.with(Self.table) { database in
            let session = try await database.open()
            let start = Checkpoint(sourceID: session.sourceID, position: session.start)
            await session.close()

            func refusal(_ checkpoint: Checkpoint) async -> StoreError.Code? {
                let error = await #expect(throws: StoreError.self) {
                    try await database.source.verify(database.request(from: checkpoint))
                }
                let again = await #expect(throws: StoreError.self) {
                    let session = try await database.open(from: checkpoint)
                    await session.close()
                }
                #expect(error?.code == again?.code)
                return error?.code
            }

            try await database.source.verify(database.request(from: start))
            var other = start
            other.sourceID = "1/1"
            #expect(await refusal(other) == .sourceReplaced)
            var future = start
            future.position = Position(order: start.position.order + 1 << 40, detail: start.position.detail)
            #expect(await refusal(future) == .historyWentBackwards)
            var elsewhere = start
            elsewhere.position = Position(order: start.position.order, detail: "7")
            #expect(await refusal(elsewhere) == .historyWentBackwards)

            try await database.psql(
                """
                INSERT INTO t VALUES (1, 1);
                SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn()) FROM pg_replication_slots
                WHERE database = current_database()
                """
            )
            #expect(await refusal(start) == .historyLost)
            try await database.psql(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()"
            )
            #expect(await refusal(start) == .historyLost)
            // Without a checkpoint it begins anew, whatever is left from before.
            let fresh = try await database.open()
            await fresh.close()
            let name = try await database.psql("SELECT pubname FROM pg_publication")
            try await database.psql("DROP PUBLICATION \(name)")
            #expect(await refusal(Checkpoint(sourceID: fresh.sourceID, position: fresh.start)) == .historyLost)
        }
    }

    @Test("says who reads from the slot while another does")
    func twoReaders() async throws {
        try await LogDatabase.with(Self.table) { database in
            let session = try await database.open()
            let checkpoint = Checkpoint(sourceID: session.sourceID, position: session.start)
            let error = await #expect(throws: StoreError.self) { try await database.open(from: checkpoint) }
            #expect(error?.code == .busy)
            #expect(error?.message.contains("tally \(LogDatabase.flow)") == true)
            await session.close()
        }
    }

    @Test("goes on exactly after the server was restarted in the middle of the stream")
    func restart() async throws {
        let server = try await PostgresServer.start()
        do {
            let database = try await LogDatabase(Self.table, on: server)
            var session = try await database.open()
            var replica = LogReplica(session)
            try await database.psql("INSERT INTO t SELECT i, 1 FROM generate_series(1, 100) i")
            try await replica.catchUp(session)
            try await server.restart(.immediate)
            let error = await #expect(throws: StoreError.self) {
                while true { try replica.take(try await session.next()) }
            }
            #expect(error?.code == .unreachable)
            let checkpoint = Checkpoint(sourceID: session.sourceID, position: replica.position)
            await session.close()
            try await database.psql("UPDATE t SET n = 2 WHERE id > 50")
            session = try await database.open(from: checkpoint)
            try await replica.catchUp(session)
            #expect(replica.changes == 150)
            #expect(replica.rows(of: "t") == (try await database.rows(of: "t", orderedBy: "id")))
            await session.close()
        } catch {
            await server.remove()
            throw error
        }
        await server.remove()
    }

    @Test("removing a flow leaves neither slot nor publication, twice over, and spares a flow with a similar name")
    func removal() async throws {
        try await LogDatabase.with(Self.table) { database in
            let session = try await database.open()
            await session.close()
            var request = database.request()
            request.consumer.flow = "orders_to_copy"
            let other = try await database.source.open(request)
            try await database.source.remove(flow: LogDatabase.flow)
            try await database.source.remove(flow: LogDatabase.flow)
            let left = """
                SELECT count(*), (SELECT count(*) FROM pg_publication) FROM pg_replication_slots
                WHERE database = current_database()
                """
            #expect(try await database.psql(left) == "1|1")
            // Its own stream is ended with it.
            try await database.source.remove(flow: "orders_to_copy")
            await other.close()
            #expect(try await database.psql(left) == "0|0")
        }
    }
}
