import TallyModel
import TallyPostgres

/// The shop's program at a PostgreSQL server. Statements of a transaction are sent many at a time.
final class ServerConnection: ShopConnection {
    /// How many statements go to the server in one message.
    private static let most = 500

    private let connection: PostgresConnection
    private var waiting: [Command] = []
    /// Statements as PostgreSQL numbers their values.
    private var numbered: [String: String] = [:]

    init(_ options: ConnectionOptions) throws {
        connection = try PostgresConnection(options, application: "shop")
    }

    static let schema = """
        CREATE TABLE customers (
            id bigint PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, city text, phone text
        );
        CREATE TABLE products (
            sku text PRIMARY KEY, title text NOT NULL, price numeric(10,2) NOT NULL CHECK (price >= 0), photo bytea
        );
        CREATE TABLE orders (
            id bigint PRIMARY KEY, customer bigint NOT NULL REFERENCES customers (id),
            placed date NOT NULL, status text NOT NULL DEFAULT 'new', note text
        );
        CREATE TABLE order_lines (
            order_id bigint NOT NULL REFERENCES orders (id) ON DELETE CASCADE, line int NOT NULL,
            sku text NOT NULL REFERENCES products (sku) ON UPDATE CASCADE,
            quantity int NOT NULL, price numeric(10,2) NOT NULL, PRIMARY KEY (order_id, line)
        );
        CREATE INDEX orders_customer ON orders (customer);
        CREATE INDEX order_lines_sku ON order_lines (sku);
        """

    func execute(_ script: String) throws {
        try connection.execute(script)
    }

    func run(_ sql: String, _ values: Value...) throws {
        waiting.append(Command(number(sql), try values.map(Self.parameter)))
        if waiting.count == Self.most { try send() }
    }

    func replaceCustomer(_ id: Value, name: Value, email: Value) throws {
        try run("DELETE FROM customers WHERE email = ?", email)
        try run("INSERT INTO customers VALUES (?, ?, ?, NULL, NULL)", id, name, email)
    }

    func transaction(_ body: () throws -> Void) throws {
        waiting = [Command("BEGIN")]
        do {
            try body()
            waiting.append(Command("COMMIT"))
            try send()
        } catch {
            waiting = []
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            throw error
        }
    }

    private func send() throws {
        let commands = waiting
        waiting = []
        try connection.pipeline(commands)
    }

    private func number(_ sql: String) -> String {
        if let known = numbered[sql] { return known }
        var count = 0
        let text = sql.reduce(into: "") { text, character in
            if character == "?" { count += 1 }
            text += character == "?" ? "$\(count)" : String(character)
        }
        numbered[sql] = text
        return text
    }

    private static func parameter(_ value: Value) throws -> Parameter {
        switch value {
        case .null: return .text(nil)
        case .integer(let integer): return .integer(integer)
        case .real(let real): return .text(String(real))
        case .text(let text): return .text(text)
        case .bytes(let bytes): return Parameter(bytes: Array(bytes), isBinary: true)
        default: throw StoreError(.unsupported, "the shop of the demo holds no such value")
        }
    }
}
