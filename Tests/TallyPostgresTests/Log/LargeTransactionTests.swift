import TallyModel
import TallyPostgres
import Testing

@Suite("Large transactions that stream before they are committed", .timeLimit(.minutes(15)))
struct LargeTransactionTests {
    @Test("come whole, in slices, without what their subtransactions took back")
    func subtransactions() async throws {
        try await LogDatabase.with("CREATE TABLE t (id int PRIMARY KEY, n int, pad text)") { database in
            let session = try await database.open()
            var replica = LogReplica(session)
            try await database.psql(
                """
                BEGIN;
                INSERT INTO t SELECT i, 1, repeat('a', 100) FROM generate_series(1, 20000) i;
                SAVEPOINT a; INSERT INTO t SELECT i, 2, repeat('b', 100) FROM generate_series(20001, 30000) i;
                SAVEPOINT b; UPDATE t SET n = 3 WHERE id <= 5000; ROLLBACK TO b;
                UPDATE t SET n = 4 WHERE id <= 100; ROLLBACK TO a;
                SAVEPOINT c; DELETE FROM t WHERE id BETWEEN 10 AND 19; RELEASE c;
                INSERT INTO t SELECT i, 5, repeat('c', 100) FROM generate_series(40001, 50000) i;
                COMMIT;
                BEGIN; INSERT INTO t SELECT i, 6, repeat('d', 100) FROM generate_series(60001, 80000) i; ROLLBACK;
                """
            )
            try await replica.catchUp(session)
            #expect(replica.rows(of: "t") == (try await database.rows(of: "t", orderedBy: "id")))
            #expect(replica.changes == 30010)
            #expect(replica.slicesWithoutEnd > 0)
            #expect(replica.mostBytes < 6 << 20)
            await session.close()
        }
    }

    // writer one                 writer two
    // BEGIN
    // INSERT 10,000 rows
    //                            INSERT (-1)
    // INSERT 10,000 rows
    //                            BEGIN; INSERT 10,000 rows
    // COMMIT
    //                            COMMIT
    @Test("do not hold up the commits of others, and come in the order of commits")
    func interleaved() async throws {
        try await LogDatabase.with("CREATE TABLE t (id int PRIMARY KEY, pad text)") { database in
            let session = try await database.open()
            var replica = LogReplica(session)
            let (one, two) = (try database.connect(), try database.connect())
            func insert(_ from: Int) -> String {
                "INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(\(from), \(from + 9999)) i"
            }
            try one.execute("BEGIN")
            try one.execute(insert(1))
            try two.execute("INSERT INTO t VALUES (-1, '')")
            try await replica.catchUp(session)
            #expect(replica.rows(of: "t") == ["-1|"])
            try one.execute(insert(10_001))
            try two.execute("BEGIN")
            try two.execute(insert(20_001))
            try one.execute("COMMIT")
            try await replica.catchUp(session)
            #expect(replica.rows(of: "t").count == 20_001)
            try two.execute("COMMIT")
            try await replica.catchUp(session)
            #expect(replica.rows(of: "t") == (try await database.rows(of: "t", orderedBy: "id")))
            await session.close()
        }
    }
}
