import SQLite
import TallyModel
import Threading

/// One branch of the shop: a program that writes its own file through a plain connection and knows nothing of Tally.
actor Branch {
    private let thread = DatabaseThread(name: "branch")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    let name: String
    private var connection: Connection?
    /// How many units it sold.
    private(set) var sold = 0
    private(set) var transactions = 0

    static let items = 500
    static let stock = 1_000

    init(_ name: String) {
        self.name = name
    }

    /// Opens the branch's file where it is now.
    func open(_ path: String) throws {
        connection = try Connection(path: path, access: .create)
    }

    func close() {
        connection?.close()
        connection = nil
    }

    private func opened() throws -> Connection {
        guard let connection else { throw DemoFailure("\(name) has not opened its file") }
        return connection
    }

    /// Makes the list of items.
    func makeItems() throws {
        try opened().execute(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE items (
                sku TEXT PRIMARY KEY, title TEXT NOT NULL, price DECIMAL(10,2), stock INTEGER, tags JSON, notes TEXT
            );
            WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < \(Self.items))
            INSERT INTO items
            SELECT printf('SKU-%03d', n), 'Item ' || n, n * 0.25, \(Self.stock), '["new"]', 'Keep dry.' FROM number;
            INSERT INTO items VALUES ('tea', 'Tea', 3.5, \(Self.stock), '["new"]', 'The quick fox jumps.');
            """
        )
    }

    /// One of the things that a branch does all day: it sells, prices, adds and removes items of its own.
    func step(_ number: Int) throws {
        let connection = try opened()
        let sku = Value.text("SKU-" + String(String(1_000 + number * 37 % Self.items + 1).suffix(3)))
        let own = Value.text("\(name)-\(number / 10)")
        try connection.transaction(.immediate) {
            switch number % 10 {
            case 7:
                try connection.run("INSERT INTO items VALUES (?, ?, 9.9, 5, '[]', NULL)", own, .text("From \(name)"))
            case 8: try connection.run("UPDATE items SET price = price + 0.05 WHERE sku = ?", sku)
            case 9 where number % 20 == 9: try connection.run("DELETE FROM items WHERE sku = ?", own)
            default:
                try connection.run("UPDATE items SET stock = stock - 1 WHERE sku = ?", sku)
                sold += 1
            }
        }
        transactions += 1
    }

    /// Runs one statement about the tea.
    ///
    /// - Parameter units: How many it sells.
    func write(_ sql: String, selling units: Int = 0) throws {
        try opened().execute(sql)
        sold += units
        transactions += 1
    }
}
