import SQLite
import TallyHarness
import TallyModel
import Testing

/// What is odd about real files, through the whole program, compared byte by byte.
@Suite(.timeLimit(.minutes(15)))
struct ValueTests {
    @Test
    func everyStorageClassArrivesExactly() async throws {
        let site = try Site()
        try await site.source.run(
            "CREATE TABLE v (id INTEGER PRIMARY KEY, plain, i INTEGER, r REAL, t TEXT, b BLOB, d DECIMAL(10,2));"
        )
        let values: [Value] = [
            .null, .integer(.max), .integer(.min), .integer(9_007_199_254_740_993), .integer(0),
            .real(.infinity), .real(-.infinity), .real(0.1), .real(-0.0), .real(.leastNonzeroMagnitude), .real(1e308),
            .real(3),
            .text(""), .text("text in an integer column"), .text("12"), .text("a\u{0}b"), .text("žluťoučký 🐎 日本"),
            .bytes([]), .bytes([0, 255, 0]), .bytes([0x31]),
            .other(OtherValue(typeName: OtherValue.malformedText, bytes: [0xff, 0xfe, 0x00, 0x41])),
        ]
        func write(_ first: Int64) throws {
            let connection = try Connection(path: site.source.path, access: .readWrite)
            try connection.transaction {
                for (index, value) in values.enumerated() {
                    let insert = "INSERT INTO v VALUES (?, ?, ?, ?, ?, ?, ?)"
                    try connection.run(insert, .integer(first + Int64(index)), value, value, value, value, value, value)
                }
            }
            connection.close()
        }
        try write(1)
        try await site.syncOnce()
        try await site.requireAgreement()
        // The same by capture as by the load.
        try write(1000)
        try await site.source.run("UPDATE v SET plain = i, i = plain WHERE id < 1000;")
        try await site.syncOnce()
        try await site.requireAgreement()
        #expect(try await site.target.run("SELECT count(*) FROM v;") == "\(values.count * 2)")
    }

    @Test
    func oddTablesAndNamesAreCopiedAndFollowed() async throws {
        let site = try Site()
        try await site.source.run(
            """
            CREATE TABLE "select" ("from" INTEGER PRIMARY KEY, "order by" TEXT, "quo""te" TEXT, 'jméno' TEXT);
            CREATE TABLE "日本 語" (a TEXT, b INTEGER, "c.d" BLOB, PRIMARY KEY (b, a)) WITHOUT ROWID;
            CREATE TABLE strict_one (id INTEGER PRIMARY KEY, n INT NOT NULL, x ANY) STRICT;
            CREATE TABLE keyless (a, b);
            CREATE TABLE computed (id INTEGER PRIMARY KEY, a INT, s INT AS (a * 2) STORED, v INT AS (a + 1));
            CREATE TABLE parent (id INTEGER PRIMARY KEY);
            CREATE TABLE child (id INTEGER PRIMARY KEY, p REFERENCES parent (id) ON DELETE CASCADE);
            INSERT INTO "select" VALUES (1, 'x', 'y', 'ž');
            INSERT INTO "日本 語" VALUES ('a', 1, x'00'), ('b', 1, NULL);
            INSERT INTO strict_one VALUES (1, 5, 'any'), (2, 6, x'01');
            INSERT INTO keyless VALUES (1, 1), (1, 1), (NULL, NULL);
            INSERT INTO computed (id, a) VALUES (1, 10), (2, NULL);
            INSERT INTO parent VALUES (1), (2);
            INSERT INTO child VALUES (1, 1), (2, 2), (3, 1);
            """
        )
        try await site.syncOnce()
        try await site.requireAgreement()
        try await site.source.run(
            """
            PRAGMA foreign_keys = ON;
            UPDATE "select" SET "from" = 7, "quo""te" = '"' WHERE "from" = 1;
            UPDATE "日本 語" SET b = 2 WHERE a = 'a';
            UPDATE strict_one SET x = 3.5 WHERE id = 1;
            DELETE FROM keyless WHERE rowid = 2;
            INSERT INTO keyless VALUES (1, 1);
            UPDATE computed SET a = 11 WHERE id = 2;
            DELETE FROM parent WHERE id = 1;
            """
        )
        try await site.syncOnce()
        try await site.requireAgreement()
        #expect(try await site.target.run("SELECT count(*) FROM child;") == "1")
    }

    @Test
    func usersTriggersRunInTheSourceAndNotASecondTimeInTheTarget() async throws {
        let site = try Site(flow: "create: never")
        let tables = """
            CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER, touched INTEGER DEFAULT 0);
            CREATE TABLE history (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER, balance INTEGER);
            CREATE TRIGGER keep AFTER UPDATE OF balance ON account BEGIN
                INSERT INTO history (account, balance) VALUES (NEW.id, NEW.balance);
                UPDATE account SET touched = touched + 1 WHERE id = NEW.id;
            END;
            """
        try await site.source.run(tables)
        try await site.target.run(tables)
        try await site.source.run("INSERT INTO account (id, balance) VALUES (1, 10), (2, 20);")
        try await site.syncOnce()
        try await site.source.run(
            "UPDATE account SET balance = balance + 1; UPDATE account SET balance = 0 WHERE id = 2;"
        )
        try await site.syncOnce()
        try await site.requireAgreement()
        #expect(try await site.target.run("SELECT count(*) FROM history;") == "3")
    }

    @Test(arguments: ["DELETE", "WAL", "TRUNCATE"])
    func everyJournalModeOfTheSourceWorks(mode: String) async throws {
        let site = try Site()
        try await site.source.run("PRAGMA journal_mode = \(mode); CREATE TABLE t (id INTEGER PRIMARY KEY, v);")
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        for number in 1...20 { try await site.source.run("INSERT INTO t VALUES (\(number), 'v');") }
        try await site.waitForTarget("SELECT count(*) FROM t;", "20")
        try await site.stop(child)
        try await site.requireAgreement()
        // Of the modes, only this one is a property of the file.
        #expect(try await site.source.run("PRAGMA journal_mode;") == (mode == "WAL" ? "wal" : "delete"))
    }
}
