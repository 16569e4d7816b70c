/// The table of about 200 bytes a row that the benchmarks write.
struct SampleTable {
    let texts: TextPool

    let columns = ["name", "a", "b", "c", "d"]

    static let sql = "CREATE TABLE items(id INTEGER PRIMARY KEY, name TEXT, a INTEGER, b REAL, c TEXT, d TEXT)"

    /// Rows, or changes, of one transaction.
    static let transactionSize = 1000

    func makeFile(_ path: String, rows: Int) throws {
        let database = try Database(path: path)
        try database.execute(Self.sql)
        try insert(rows, into: database, after: 0)
        // So that the file alone is the database, and can be copied.
        try database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    /// Inserts `count` rows with the ids after `last`.
    func insert(_ count: Int, into database: Database, after last: Int) throws {
        let insertion = try Insertion(database, texts)
        try database.transactions(of: Self.transactionSize, count: count) { try insertion.run(id: last + $0 + 1) }
    }

    /// Updates `count` rows, from the id 1 on.
    func update(_ count: Int, in database: Database) throws {
        let update = try Update(database, texts)
        try database.transactions(of: Self.transactionSize, count: count) { try update.run(id: $0 + 1) }
    }

    /// Updates the rows of the ids 1 to `count`, all over the table: each transaction writes to as many pages as rows.
    func updateSpread(_ count: Int, in database: Database) throws {
        let update = try Update(database, texts)
        let spread = SpreadOrder(count: count)
        try database.transactions(of: Self.transactionSize, count: count) { try update.run(id: spread[$0] + 1) }
    }

    /// Makes `count` changes of a table with the ids 1 to `rows`: 70 % inserts, 20 % updates, 10 % deletes, each of
    /// the three in the order of keys.
    func change(_ count: Int, in database: Database, rows: Int) throws {
        let insertion = try Insertion(database, texts)
        let update = try Update(database, texts)
        let deletion = try database.prepare("DELETE FROM items WHERE id = ?")
        var id = 0
        try database.transactions(of: Self.transactionSize, count: count) { number in
            guard number % 10 >= 7 else { return try insertion.run(id: rows + number + 1) }
            // Each row of before is touched once, so that every statement is a change.
            id += 1
            guard number % 10 == 9 else { return try update.run(id: id) }
            deletion.bind(id, at: 1)
            try deletion.run()
        }
    }
}

/// One prepared insert of a sample row.
struct Insertion {
    private let statement: PreparedStatement
    private let texts: TextPool

    init(_ database: Database, _ texts: TextPool) throws {
        statement = try database.prepare("INSERT INTO items(id, name, a, b, c, d) VALUES(?, ?, ?, ?, ?, ?)")
        self.texts = texts
    }

    func run(id: Int) throws {
        statement.bind(id, at: 1)
        statement.bind(texts.text(id, .name), at: 2)
        statement.bind(id &* 2_654_435_761, at: 3)
        statement.bind(Double(id) / 7, at: 4)
        statement.bind(texts.text(id &* 7, .c), at: 5)
        statement.bind(texts.text(id &* 13, .d), at: 6)
        try statement.run()
    }
}

/// One prepared update of three of a sample row's columns.
private struct Update {
    private let statement: PreparedStatement
    private let texts: TextPool

    init(_ database: Database, _ texts: TextPool) throws {
        statement = try database.prepare("UPDATE items SET a = ?, b = ?, c = ? WHERE id = ?")
        self.texts = texts
    }

    func run(id: Int) throws {
        statement.bind(id &* 40_503, at: 1)
        statement.bind(Double(id) / 3, at: 2)
        statement.bind(texts.text(id &* 11, .c), at: 3)
        statement.bind(id, at: 4)
        try statement.run()
    }
}
