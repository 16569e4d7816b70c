import SQLite
import TallyModel

extension Connection: ShopConnection {
    static let schema = """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = NORMAL;
        PRAGMA foreign_keys = ON;
        CREATE TABLE customers (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, city TEXT, phone TEXT
        );
        CREATE TABLE products (
            sku TEXT PRIMARY KEY, title TEXT NOT NULL, price DECIMAL(10,2) NOT NULL CHECK (price >= 0), photo BLOB
        );
        CREATE TABLE orders (
            id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers (id),
            placed TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'new', note TEXT
        );
        CREATE TABLE order_lines (
            order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE, line INTEGER NOT NULL,
            sku TEXT NOT NULL REFERENCES products (sku) ON UPDATE CASCADE,
            quantity INTEGER NOT NULL, price DECIMAL(10,2) NOT NULL, PRIMARY KEY (order_id, line)
        ) WITHOUT ROWID;
        CREATE INDEX orders_customer ON orders (customer);
        CREATE INDEX order_lines_sku ON order_lines (sku);
        """

    func transaction(_ body: () throws -> Void) throws {
        try transaction(.immediate, body)
    }

    func replaceCustomer(_ id: Value, name: Value, email: Value) throws {
        try run("INSERT OR REPLACE INTO customers VALUES (?, ?, ?, NULL, NULL)", id, name, email)
    }
}
