import SQLite
import TallyModel
import Threading

/// Asks both files the same questions, through connections that are none of Tally's.
actor DemoProof {
    /// One question and what each file answered.
    struct Question: Sendable {
        var sql: String
        var source: String
        var target: String

        var isAgreed: Bool { source == target }
    }

    /// The rows of one table that are in one file alone.
    struct Comparison: Sendable {
        var sql: String
        var onlyInSource: Int
        var onlyInTarget: Int

        var isAgreed: Bool { onlyInSource == 0 && onlyInTarget == 0 }
    }

    private let thread = DatabaseThread(name: "proof")
    private let source: Connection
    private let target: Connection

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(source: String, target: String) throws {
        self.source = try Connection(path: source, access: .readOnly)
        self.target = try Connection(path: target, access: .readOnly)
        try self.source.execute("ATTACH \(literal(target)) AS copy")
    }

    /// Whether the copy has the order that was placed last, and with it all that came before.
    func hasLastOrder() throws -> Bool {
        try target.first("SELECT 1 FROM orders WHERE id = ?", .integer(Int64(ShopDay.lastOrder))) != nil
    }

    func questions() throws -> [Question] {
        let counts = ShopDatabase.tables.map { "SELECT count(*) FROM \($0)" }
        let sums = [
            "SELECT count(*) FROM customers WHERE phone IS NULL",
            "SELECT sum(length(name)) FROM customers",
            "SELECT sum(length(photo)) FROM products",
            "SELECT sum(CAST(round(price * 100) AS INTEGER) * quantity) FROM order_lines",
        ]
        return try (counts + sums).map { sql in
            Question(sql: sql, source: try Self.answer(source, sql), target: try Self.answer(target, sql))
        }
    }

    /// Row by row: what one file has and the other has not, both ways.
    func comparisons() throws -> [Comparison] {
        try ShopDatabase.tables.map { table in
            let (here, there) = ("SELECT * FROM main.\(table)", "SELECT * FROM copy.\(table)")
            return Comparison(
                sql: "\(here) EXCEPT \(there)",
                onlyInSource: try rows("\(here) EXCEPT \(there)"),
                onlyInTarget: try rows("\(there) EXCEPT \(here)")
            )
        }
    }

    private func rows(_ query: String) throws -> Int {
        guard case .integer(let count)? = try source.first("SELECT count(*) FROM (\(query))")?.first else { return -1 }
        return Int(count)
    }

    private static func answer(_ connection: Connection, _ sql: String) throws -> String {
        guard case .integer(let number)? = try connection.first(sql)?.first else { return "no number" }
        return String(number)
    }
}
