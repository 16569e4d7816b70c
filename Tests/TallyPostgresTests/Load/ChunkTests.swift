import TallyModel
import TallyPostgres
import Testing

@Suite("Loading tables in chunks", .timeLimit(.minutes(15)))
struct ChunkTests {
    /// All rows of a table as psql shows them, and how many chunks they came in.
    private func load(
        _ table: String,
        _ session: LogSession,
        limit: ByteCount
    ) async throws -> (rows: [String], chunks: [Chunk]) {
        let schema = try #require(session.tables.first { $0.name.name == table })
        var chunks: [Chunk] = []
        for range in try await session.ranges(of: schema) {
            var rest = range
            repeat {
                let chunk = try await session.chunk(of: schema.name, in: rest, limit: limit)
                chunks.append(chunk)
                rest.lower = chunk.range.upper
            } while chunks.last?.isLast == false
        }
        let rows = try chunks.flatMap { try $0.unpacked().rows }.map { row in
            try row.values.map { value -> String in
                guard let value, value != .null else { return "" }
                var writer = ByteWriter()
                try ValueEncoding.appendText(value, as: .text, to: &writer)
                return writer.withBytes { String(decoding: $0, as: UTF8.self) }
            }.joined(separator: "|")
        }
        return (rows, chunks)
    }

    @Test("brings every row once, in key order, whatever the key is made of")
    func keys() async throws {
        let script = """
            CREATE TABLE numbers (id bigint PRIMARY KEY, pad text);
            INSERT INTO numbers SELECT i * 3 - 5000, repeat('p', 50) FROM generate_series(1, 10000) i;
            CREATE TABLE words (k text, n int, PRIMARY KEY (k, n));
            INSERT INTO words SELECT chr(97 + i % 20) || E'\\'\\\\', i FROM generate_series(1, 5000) i;
            CREATE TABLE ids (id uuid PRIMARY KEY, at timestamptz);
            INSERT INTO ids SELECT md5(i::text)::uuid, now() FROM generate_series(1, 3000) i;
            CREATE TABLE moments (at timestamptz PRIMARY KEY, span int4range);
            INSERT INTO moments SELECT '-infinity' UNION SELECT '2024-01-01'::timestamptz + i * interval '1 s'
                FROM generate_series(1, 3000) i;
            CREATE TABLE empty (id int PRIMARY KEY);
            """
        try await LogDatabase.with(script) { database in
            let session = try await database.open()
            for (table, key, least) in [
                ("numbers", "id", 10), ("words", "k, n", 2), ("ids", "id", 2), ("moments", "at", 2), ("empty", "id", 1),
            ] {
                let (rows, chunks) = try await load(table, session, limit: .kibibytes(16))
                let keys = try await database.psql("SELECT \(key) FROM \(table) ORDER BY \(key)").split(separator: "\n")
                #expect(rows.count == keys.count)
                #expect(chunks.count >= least)
                #expect(
                    zip(rows, keys).allSatisfy { row, key in
                        table == "moments" || row == key || row.hasPrefix(key + "|")
                    }
                )
                let text = "\(rows.count)"
                #expect(try await database.psql("SELECT count(*) FROM \(table)") == text)
            }
            await session.close()
        }
    }

    @Test("keeps a chunk near its limit where rows become a thousand times larger")
    func wideRows() async throws {
        let script = """
            CREATE TABLE docs (id int PRIMARY KEY, body text);
            ALTER TABLE docs ALTER body SET STORAGE EXTERNAL;
            INSERT INTO docs SELECT i, 'x' FROM generate_series(1, 20000) i;
            INSERT INTO docs SELECT i, repeat('y', 100000) FROM generate_series(20001, 20100) i;
            """
        try await LogDatabase.with(script) { database in
            let session = try await database.open()
            let (rows, chunks) = try await load("docs", session, limit: .kibibytes(128))
            #expect(rows.count == 20100)
            #expect((chunks.map(\.byteCount).max() ?? 0) < 128 * 5 << 10)
            let (last, length) = (rows.last ?? "", try await database.psql("SELECT sum(length(body)) FROM docs"))
            #expect(last.count == 100_006)
            #expect("\(rows.reduce(0) { $0 + ($1.split(separator: "|").last?.count ?? 0) })" == length)
            await session.close()
        }
    }

    @Test("divides a large table by its statistics or, where there are none, by its numbers, without gaps")
    func ranges() async throws {
        let script = """
            CREATE TABLE wide (id int PRIMARY KEY, pad text);
            INSERT INTO wide SELECT i, repeat('p', 900) FROM generate_series(1, 40000) i;
            """
        try await LogDatabase.with(script) { database in
            let session = try await database.open()
            let schema = try #require(session.tables.first)
            for _ in 0..<2 {
                let ranges = try await session.ranges(of: schema)
                #expect(ranges.count == 4)
                #expect(ranges.first?.lower == nil && ranges.last?.upper == nil)
                for (left, right) in zip(ranges, ranges.dropFirst()) { #expect(left.upper == right.lower) }
                let (rows, _) = try await load("wide", session, limit: .mebibytes(1))
                #expect(rows.count == 40000)
                #expect(Set(rows).count == 40000)
                try await database.psql("ANALYZE wide")
            }
            #expect(try await session.rowCount(of: schema) == 40000)
            await session.close()
        }
    }

    @Test("carries rows as COPY data that a table of the same columns takes as they are")
    func packed() async throws {
        let script = """
            CREATE TABLE t (id int PRIMARY KEY, "odd ""name" numeric, at timestamptz);
            INSERT INTO t SELECT i, i / 3.0, now() FROM generate_series(1, 500) i;
            CREATE TABLE copy (LIKE t);
            """
        try await LogDatabase.with(script) { database in
            let session = try await database.open(["t"])
            let chunk = try await session.chunk(of: TableName("t"), in: .all, limit: .mebibytes(1))
            let packed = try #require(chunk.packed)
            #expect(packed.form == PackedLayout.binaryForm)
            let layout = try #require(PackedLayout(packed.layout))
            #expect(layout.fields.map(\.name) == ["id", "odd \"name", "at"])
            #expect(layout.fields.map(\.typeName) == ["integer", "numeric", "timestamp with time zone"])
            let connection = try database.connect()
            try connection.beginCopyIn("COPY copy FROM STDIN (FORMAT binary)")
            for piece in packed.pieces { try connection.send(piece) }
            #expect(try connection.endCopy() == 500)
            #expect(try await database.psql("SELECT count(*) FROM (TABLE t EXCEPT TABLE copy) AS d") == "0")
            await session.close()
        }
    }

    @Test("follows a table that changed its structure since, and says when it is gone")
    func structure() async throws {
        try await LogDatabase.with("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)") { database in
            let session = try await database.open()
            try await database.psql("ALTER TABLE t ADD COLUMN n int DEFAULT 7")
            let chunk = try await session.chunk(of: TableName("t"), in: .all, limit: .mebibytes(1)).unpacked()
            #expect(chunk.schema.columns.map(\.name) == ["id", "n"])
            #expect(chunk.rows == [Row([.integer(1), .integer(7)])])
            try await database.psql("DROP TABLE t")
            let error = await #expect(throws: StoreError.self) {
                try await session.chunk(of: TableName("t"), in: .all, limit: .mebibytes(1))
            }
            #expect(error?.code == .missingTable)
            #expect(error?.table == TableName("t"))
            await session.close()
        }
    }
}
