import TallyHarness
import Testing

/// Every built-in type, from database to database, as `psql` shows it.
@Suite(.timeLimit(.minutes(15)))
struct PostgresValueTests {
    private static let types = """
        CREATE TYPE mood AS ENUM ('sad', 'so-so', 'happy');
        CREATE TYPE place AS (name text, spot point);
        CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
        CREATE TABLE everything (
            id uuid PRIMARY KEY, i2 smallint, i4 int, i8 bigint, n numeric, n2 numeric(12,2), f4 real, f8 float8,
            m money, t text, v varchar(20), c char(5), nm name, b bytea, d date, tm time, tmz timetz, ts timestamp,
            tsz timestamptz, iv interval, bo boolean, mo mood, pl place, po positive, j json, jb jsonb, x xml,
            ip inet, cd cidr, ma macaddr, m8 macaddr8, bi bit(5), vb varbit, tv tsvector, tq tsquery, pt point,
            ls lseg, bx box, pa path, pg polygon, ci circle, ir int4range, nr numrange, tr tstzrange,
            mr int8multirange, ia int[], ta text[][], na numeric[], tza timestamptz[], ma2 mood[], pla place[],
            o oid, tid_ tid, ls2 pg_lsn
        );
        """

    private static func row(_ id: Int) -> String {
        """
        ('00000000-0000-0000-0000-00000000000\(id)', -32768, 2147483647, -9223372036854775808,
        ('1' || repeat('2', 900) || '.' || repeat('3', 99) || '0')::numeric, 1234567890.10, 'NaN', '-Infinity',
        '-12.34', E'a\\tb\\nc\\\\d é 日本 😀', '', 'ab', 'n', '\\x00ff5c0a', '0044-03-15 BC', '24:00:00',
        '12:34:56.789012+05:30', '294276-12-31 23:59:59.999999', 'infinity', '1 year -2 mons 3 days 04:05:06.7',
        true, 'so-so', ROW('Brno', '(1.5,-2)'), 0.000001, '{"a": 1,  "a": 2}', '{"b": [1.50, null]}', '<a>é</a>',
        '10.1.2.3/24', '10.1.0.0/16', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '10101', '101',
        to_tsvector('simple', 'a fat cat'), 'fat & (rat | cat)', '(1,2)', '[(0,0),(1,1)]', '((1,1),(0,0))',
        '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(0,0),2>', '[1,5)', '(,1.5]', '[2026-01-01,)',
        '{[1,3),[5,9)}', '[0:2]={1,NULL,3}', '{{a,"b,c"},{NULL,"\\""}}', '{NaN,Infinity,1.00}', '{infinity,NULL}',
        '{sad,happy}', ARRAY[ROW('x', '(0,0)')::place], 4294967295, '(1,2)', '16/B374D848')
        """
    }

    @Test
    func everyBuiltInTypeArrivesAsItWasByLoadAndByStream() async throws {
        let site = try await PostgresSite()
        try await site.source.psql(Self.types)
        try await site.source.psql(
            "INSERT INTO everything VALUES \(Self.row(1)); INSERT INTO everything (id) VALUES ('00000000-0000-0000-0000-00000000000a')"
        )
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        try await site.source.psql(
            """
            INSERT INTO everything VALUES \(Self.row(2)), \(Self.row(3));
            INSERT INTO everything (id, i4) VALUES ('00000000-0000-0000-0000-00000000000b', 1);
            UPDATE everything SET n = 'NaN', f8 = '-0', tsz = '4713-01-01 00:00:00+00 BC', iv = '-178000000 years',
                ia = '{}', mr = '{}', d = '-infinity', i4 = 0 WHERE id = '00000000-0000-0000-0000-000000000003';
            UPDATE everything SET t = 'end' WHERE id = '00000000-0000-0000-0000-00000000000b';
            """
        )
        try await site.waitForTarget("SELECT count(*) FROM everything WHERE t = 'end'", "1")
        try await site.site.stop(child)
        try await site.requireAgreement()
    }

    @Test
    func aLargeValueThatAnUpdateLeavesAloneStaysWhatItWas() async throws {
        let site = try await PostgresSite()
        try await site.source.psql(
            """
            CREATE TABLE docs (id int PRIMARY KEY, body text, n int);
            ALTER TABLE docs ALTER body SET STORAGE EXTERNAL;
            INSERT INTO docs SELECT n, repeat(md5(n::text), 1000), 0 FROM generate_series(1, 50) AS n;
            """
        )
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        try await site.source.psql(
            """
            UPDATE docs SET n = n + 1;
            UPDATE docs SET id = id + 1000 WHERE id % 5 = 0;
            UPDATE docs SET body = repeat('z', 40000) WHERE id = 3;
            UPDATE docs SET n = 99 WHERE id = 7;
            """
        )
        try await site.waitForTarget("SELECT n FROM docs WHERE id = 7", "99")
        try await site.site.stop(child)
        try await site.requireAgreement()
    }

    @Test
    func replicaIdentityFullIndexAndPartitionedTablesAreFollowed() async throws {
        let site = try await PostgresSite(flow: "tables: [\"*\", \"archive.*\"]")
        try await site.source.psql(
            """
            CREATE TABLE full_one (id int PRIMARY KEY, a text); ALTER TABLE full_one REPLICA IDENTITY FULL;
            CREATE TABLE by_index (code text NOT NULL, a int); CREATE UNIQUE INDEX by_index_code ON by_index (code);
            ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_code;
            CREATE TABLE parts (id int, day date, v text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
            CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
            CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
            CREATE TABLE "Odd ""name""\" ("select" int PRIMARY KEY, "ž Ý" text);
            CREATE SCHEMA archive; CREATE TABLE archive.full_one (id int PRIMARY KEY);
            INSERT INTO full_one SELECT n, 'a' FROM generate_series(1, 100) AS n;
            INSERT INTO by_index SELECT 'c' || n, n FROM generate_series(1, 100) AS n;
            INSERT INTO parts SELECT n, date '2026-01-01' + n, 'p' FROM generate_series(1, 300) AS n;
            INSERT INTO "Odd ""name""\" VALUES (1, 'x'); INSERT INTO archive.full_one VALUES (1);
            """
        )
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        try await site.source.psql(
            """
            UPDATE full_one SET a = 'b' WHERE id % 2 = 0; DELETE FROM full_one WHERE id % 3 = 0;
            UPDATE by_index SET code = code || '-new' WHERE a % 4 = 0; DELETE FROM by_index WHERE a = 1;
            UPDATE parts SET day = day + 180 WHERE id < 50; DELETE FROM parts WHERE id > 250;
            UPDATE "Odd ""name""\" SET "ž Ý" = NULL; INSERT INTO archive.full_one VALUES (2);
            """
        )
        try await eventually("the last change is there") {
            try await site.target.psql("SELECT count(*) FROM archive.full_one") == "2"
        }
        try await site.site.stop(child)
        try await site.requireAgreement()
    }
}
