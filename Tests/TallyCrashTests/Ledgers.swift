import SQLite
import TallyHarness
import TallyModel
import TallyTesting

/// Six tables, each with a trap of its own, and random writes to them that a seed brings back.
struct Ledgers: Workload {
    /// How many rows the table that takes long to load has.
    static let bigRows = 50_000

    private static let accounts = 300

    private var random: SplitMix64

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    static let schema = """
        PRAGMA journal_mode = WAL;
        CREATE TABLE big (id INTEGER PRIMARY KEY, body TEXT, n INTEGER);
        CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, balance NUMERIC);
        CREATE TABLE posting (id INTEGER PRIMARY KEY, pair INTEGER NOT NULL, amount INTEGER NOT NULL);
        CREATE INDEX posting_pair ON posting (pair);
        CREATE TABLE line (account INTEGER, number INTEGER, what ANY, PRIMARY KEY (account, number)) WITHOUT ROWID;
        CREATE TABLE remark (body, at REAL);
        CREATE TABLE stock (sku TEXT PRIMARY KEY COLLATE NOCASE, quantity INTEGER, note BLOB);
        INSERT INTO big SELECT value, hex(randomblob(40)), value FROM generate_series(1, \(bigRows));
        INSERT INTO account (email, balance) SELECT 'e' || value, value FROM generate_series(1, \(accounts));
        INSERT INTO posting SELECT value, (value + 1) / 2, iif(value % 2, 10, -10) FROM generate_series(1, 2000);
        INSERT INTO line SELECT value / 10, value % 10, value FROM generate_series(1, 2000);
        INSERT INTO remark SELECT 'r' || value, value / 7.0 FROM generate_series(1, 1000);
        INSERT INTO stock SELECT 'Sku-' || value, value, x'00ff00' FROM generate_series(1, 500);
        """

    mutating func step(_ connection: Connection) throws {
        var random = random
        defer { self.random = random }
        try connection.transaction {
            switch Int.random(in: 0..<20, using: &random) {
            case 0: try Self.many(connection, &random)
            case 1..<5:
                for _ in 0..<Int.random(in: 2...6, using: &random) { try Self.one(connection, &random) }
            default: try Self.one(connection, &random)
            }
        }
    }

    /// One transaction over many rows, larger than a slice.
    private static func many(_ connection: Connection, _ random: inout SplitMix64) throws {
        let rest = Int64.random(in: 0..<25, using: &random)
        try connection.run("UPDATE big SET n = n + 1 WHERE id % 25 = ?", .integer(rest))
    }

    private static func one(_ connection: Connection, _ random: inout SplitMix64) throws {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: try big(connection, &random)
        case 1: try account(connection, &random)
        case 2: try posting(connection, &random)
        case 3: try line(connection, &random)
        case 4: try remark(connection, &random)
        default: try stock(connection, &random)
        }
    }

    private static func big(_ connection: Connection, _ random: inout SplitMix64) throws {
        let id = Value.integer(.random(in: 1...Int64(bigRows) + 2000, using: &random))
        switch Int.random(in: 0..<4, using: &random) {
        case 0: try connection.run("DELETE FROM big WHERE id = ?", id)
        case 1:
            let other = Value.integer(.random(in: 1...Int64(bigRows) + 2000, using: &random))
            try connection.run("UPDATE OR REPLACE big SET id = ? WHERE id = ?", other, id)
        default: try connection.run("INSERT OR REPLACE INTO big VALUES (?, ?, ?)", id, value(&random), value(&random))
        }
    }

    /// A second unique constraint, through which a statement can remove a row that it does not name.
    private static func account(_ connection: Connection, _ random: inout SplitMix64) throws {
        let email = Value.text("e\(Int.random(in: 1...accounts + 20, using: &random))")
        let other = Value.text("e\(Int.random(in: 1...accounts + 20, using: &random))")
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            try connection.run("INSERT OR REPLACE INTO account (email, balance) VALUES (?, ?)", email, value(&random))
        case 1: try connection.run("UPDATE OR REPLACE account SET email = ? WHERE email = ?", email, other)
        case 2:
            try connection.run(
                "INSERT INTO account (email, balance) VALUES (?, 1) ON CONFLICT (email) DO UPDATE SET balance = balance + 1",
                email
            )
        case 3:
            // A unique value passed from row to row within one transaction.
            try connection.run("UPDATE account SET email = 'swap' WHERE email = ?", email)
            try connection.run("UPDATE account SET email = ? WHERE email = ?", email, other)
            try connection.run("UPDATE account SET email = ? WHERE email = 'swap'", other)
        default: try connection.run("DELETE FROM account WHERE email = ?", email)
        }
    }

    /// Two rows that always add up to nothing: a target that shows half a transaction shows it here.
    private static func posting(_ connection: Connection, _ random: inout SplitMix64) throws {
        let pair = Value.integer(.random(in: 1...3000, using: &random))
        let amount = Int64.random(in: 1...1_000_000, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: try connection.run("DELETE FROM posting WHERE pair = ?", pair)
        case 1: try connection.run("UPDATE posting SET amount = amount * 2 WHERE pair = ?", pair)
        default:
            try connection.run("DELETE FROM posting WHERE pair = ?", pair)
            try connection.run("INSERT INTO posting (pair, amount) VALUES (?, ?)", pair, .integer(amount))
            try connection.run("INSERT INTO posting (pair, amount) VALUES (?, ?)", pair, .integer(-amount))
        }
    }

    private static func line(_ connection: Connection, _ random: inout SplitMix64) throws {
        let account = Value.integer(.random(in: 0...200, using: &random))
        let number = Value.integer(.random(in: 0...9, using: &random))
        switch Int.random(in: 0..<4, using: &random) {
        case 0: try connection.run("DELETE FROM line WHERE account = ?", account)
        case 1:
            let other = Value.integer(.random(in: 0...200, using: &random))
            try connection.run("UPDATE OR IGNORE line SET account = ? WHERE account = ?", other, account)
        default: try connection.run("INSERT OR REPLACE INTO line VALUES (?, ?, ?)", account, number, value(&random))
        }
    }

    /// A table without a key.
    private static func remark(_ connection: Connection, _ random: inout SplitMix64) throws {
        let row = Value.integer(.random(in: 1...1200, using: &random))
        switch Int.random(in: 0..<3, using: &random) {
        case 0: try connection.run("DELETE FROM remark WHERE rowid = ?", row)
        case 1: try connection.run("UPDATE remark SET body = ? WHERE rowid = ?", value(&random), row)
        default: try connection.run("INSERT INTO remark VALUES (?, ?)", value(&random), value(&random))
        }
    }

    /// Keys that change, also only in case, which the column's collation holds equal.
    private static func stock(_ connection: Connection, _ random: inout SplitMix64) throws {
        let sku = Value.text("Sku-\(Int.random(in: 1...550, using: &random))")
        switch Int.random(in: 0..<5, using: &random) {
        case 0: try connection.run("UPDATE stock SET sku = upper(sku) WHERE sku = ?", sku)
        case 1: try connection.run("DELETE FROM stock WHERE sku = ?", sku)
        case 2:
            let other = Value.text("sKU-\(Int.random(in: 1...550, using: &random))")
            try connection.run("UPDATE OR REPLACE stock SET sku = ? WHERE sku = ?", other, sku)
        case 3: try connection.run("UPDATE stock SET quantity = quantity - 1 WHERE sku = ?", sku)
        default: try connection.run("INSERT OR REPLACE INTO stock VALUES (?, 1, ?)", sku, value(&random))
        }
    }

    /// Any of SQLite's storage classes, odd ones included.
    private static func value(_ random: inout SplitMix64) -> Value {
        switch Int.random(in: 0..<9, using: &random) {
        case 0: .null
        case 1: .integer(.random(in: Int64.min...Int64.max, using: &random))
        case 2: .real(.random(in: -1e9...1e9, using: &random))
        case 3: .real(Bool.random(using: &random) ? .infinity : -.infinity)
        case 4: .bytes((0..<Int.random(in: 0...40, using: &random)).map { _ in .random(in: 0...255, using: &random) })
        case 5: .other(OtherValue(typeName: OtherValue.malformedText, bytes: [0x61, 0xff, 0x00, 0xc3]))
        case 6: .text("")
        default: .text("žluťoučký 鮨 \(Int.random(in: 0...999_999, using: &random))")
        }
    }
}
