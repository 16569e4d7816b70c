/// Asks both databases the same questions, without Tally.
protocol DemoProof: Sendable {
    /// Whether the copy has the order that was placed last, and with it all that came before.
    func hasLastOrder() async throws -> Bool

    func questions() async throws -> [DemoQuestion]

    /// Row by row: what one has and the other has not, both ways; none where no one connection can see both.
    func comparisons() async throws -> [DemoComparison]
}

/// One question and what each database answered.
struct DemoQuestion: Sendable {
    var sql: String
    var source: String
    var target: String

    var isAgreed: Bool { source == target }

    /// Questions that every kind of database understands.
    static let shared =
        ShopDatabase.tables.map { "SELECT count(*) FROM \($0)" } + [
            "SELECT count(*) FROM customers WHERE phone IS NULL",
            "SELECT sum(length(name)) FROM customers",
            "SELECT sum(length(photo)) FROM products",
            "SELECT sum(CAST(round(price * 100) AS INTEGER) * quantity) FROM order_lines",
        ]
}

/// The rows of one table that are in one database alone.
struct DemoComparison: Sendable {
    var sql: String
    var onlyInSource: Int
    var onlyInTarget: Int

    var isAgreed: Bool { onlyInSource == 0 && onlyInTarget == 0 }
}
