import SQLite
import TallyModel

/// Asks both files the same questions, through connections that are none of Tally's.
actor FileProof: DemoProof {
    private let thread = DatabaseThread(name: "proof")
    private let source: Connection
    private let target: Connection

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(source: String, target: String) throws {
        self.source = try Connection(path: source, access: .readOnly)
        self.target = try Connection(path: target, access: .readOnly)
        try self.source.execute("ATTACH \(literal(target)) AS copy")
    }

    func hasLastOrder() throws -> Bool {
        try target.first("SELECT 1 FROM orders WHERE id = ?", .integer(Int64(ShopDay.lastOrder))) != nil
    }

    func questions() throws -> [DemoQuestion] {
        try DemoQuestion.shared.map { sql in
            DemoQuestion(sql: sql, source: try Self.answer(source, sql), target: try Self.answer(target, sql))
        }
    }

    func comparisons() throws -> [DemoComparison] {
        try ShopDatabase.tables.map { table in
            let (here, there) = ("SELECT * FROM main.\(table)", "SELECT * FROM copy.\(table)")
            return DemoComparison(
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
