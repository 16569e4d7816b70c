import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("Reading tables in chunks", .timeLimit(.minutes(15)))
struct ChunkTests {
    /// Reads the table chunk by chunk and gives the rows with the ranges that the chunks speak for.
    private func read(
        _ schema: String,
        limit: Int,
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> (rows: [Row], ranges: [KeyRange], chunks: [Chunk]) {
        let file = try SourceFixture(schema)
        let session = try await file.open()
        var chunks: [Chunk] = []
        var range = KeyRange.all
        repeat {
            chunks.append(try await session.chunk(of: TableName("t"), in: range, limit: ByteCount(limit)))
            range.lower = chunks.last!.range.upper
        } while !chunks.last!.isLast
        await session.close()
        return (chunks.flatMap(\.rows), chunks.map(\.range), chunks)
    }

    @Test("Chunks of any size are together the table, in the order of its key", arguments: [1, 300, 1 << 20])
    func wholeTable(limit: Int) async throws {
        let found = try await read(
            """
            CREATE TABLE t(a INT, b TEXT COLLATE NOCASE, v, PRIMARY KEY (b DESC, a)) WITHOUT ROWID;
            INSERT INTO t VALUES (1, 'b', 1), (2, 'B', 2), (1, 'a', 3), (3, 'C', 4), (0, 'é', 5), (-1, 'c', 6);
            """,
            limit: limit
        )
        #expect(found.rows.map { $0[2]! } == [3, 1, 2, 6, 4, 5].map { .integer($0) })
        #expect(found.ranges.first?.lower == nil && found.ranges.last?.upper == nil)
        #expect(zip(found.ranges, found.ranges.dropFirst()).allSatisfy { $0.upper == $1.lower })
    }

    @Test("Keys of every storage class are each read once", arguments: [1, 200])
    func mixedKeys(limit: Int) async throws {
        let found = try await read(
            "CREATE TABLE t(k PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES (2), (1.5), ('1'), (x'00'), (-9e999), ('é');",
            limit: limit
        )
        #expect(
            found.rows.map { $0[0]! } == [
                .real(-.infinity), .real(1.5), .integer(2), .text("1"), .text("é"), .bytes([0]),
            ]
        )
    }

    @Test("Rows with NULL in their key come with the first chunk, once, and no cursor holds one", arguments: [1, 200])
    func nullKeys(limit: Int) async throws {
        let found = try await read(
            """
            CREATE TABLE t(a, b, v, PRIMARY KEY (a, b));
            INSERT INTO t VALUES (1, NULL, 1), (1, NULL, 2), (NULL, 1, 3), (1, 1, 4), (2, NULL, 5), (3, 1, 6);
            """,
            limit: limit
        )
        #expect(found.rows.count == 6 && Set(found.rows).count == 6)
        #expect(found.ranges.compactMap(\.upper).allSatisfy { !$0.values.contains(.null) })
        #expect(found.chunks[0].rows.prefix(4).allSatisfy { $0.values.contains(.null) })
    }

    @Test("A table without a key is read by its hidden rowid")
    func hiddenKey() async throws {
        let found = try await read("CREATE TABLE t(a); INSERT INTO t VALUES ('x'), ('x'), (NULL);", limit: 1)
        #expect(found.rows.map { $0[1]! } == [.integer(1), .integer(2), .integer(3)])
        #expect(found.chunks[0].schema.columns.map(\.isHidden) == [false, true])
    }

    @Test("A chunk says a position that its snapshot includes")
    func asOf() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);")
        let session = try await file.open()
        try file.shell("INSERT INTO t VALUES (2);")
        let chunk = try await session.chunk(of: TableName("t"), in: .all, limit: .kibibytes(1))
        #expect(chunk.rows.count == 2)
        #expect(try await chunk.asOf == session.latest())
        #expect(try await session.rowCount(of: chunk.schema) == 2)
        #expect(try await session.ranges(of: chunk.schema) == [.all])
        await session.close()
    }

    @Test("A table that is gone is missing, and one that was altered is read as it is now")
    func changedTables() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY); CREATE TABLE u(id INTEGER PRIMARY KEY);")
        let session = try await file.open()
        try file.shell("DROP TABLE u; ALTER TABLE t ADD COLUMN a; INSERT INTO t VALUES (1, 'x');")
        let chunk = try await session.chunk(of: TableName("t"), in: .all, limit: .kibibytes(1))
        #expect(chunk.rows == [Row(.integer(1), .text("x"))])
        await #expect { _ = try await session.chunk(of: TableName("u"), in: .all, limit: .kibibytes(1)) } throws: {
            ($0 as? StoreError)?.code == .missingTable
        }
        await session.close()
    }
}
