import PrivatePostgres

/// Asks both databases with `psql`.
struct ServerProof: DemoProof {
    let server: PostgresServer
    let shop: String
    let copy: String

    func hasLastOrder() async throws -> Bool {
        // A copy that has no such table yet has no order either.
        let isMade = try await server.psql("SELECT to_regclass('orders') IS NOT NULL", database: copy)
        guard isMade == "t" else { return false }
        let last = "SELECT count(*) FROM orders WHERE id = \(ShopDay.lastOrder)"
        return try await server.psql(last, database: copy) == "1"
    }

    /// The last ones are sums over every value of every row, in order of the key: what no two contents share.
    func questions() async throws -> [DemoQuestion] {
        let keys = ["customers": "id", "products": "sku", "orders": "id", "order_lines": "order_id, line"]
        let sums = ShopDatabase.tables.map { table in
            "SELECT left(md5(string_agg(t::text, ';' ORDER BY \(keys[table] ?? "t"))), 12) FROM \(table) t"
        }
        var questions: [DemoQuestion] = []
        for sql in DemoQuestion.shared + sums {
            let (source, target) = (
                try await server.psql(sql, database: shop), try await server.psql(sql, database: copy)
            )
            questions.append(DemoQuestion(sql: sql, source: source, target: target))
        }
        return questions
    }

    func comparisons() async throws -> [DemoComparison] { [] }
}
