import SQLite
import TallyModel
import Threading

/// Asks every member's file the same questions, through connections that are none of Tally's.
actor GroupProof {
    private let thread = DatabaseThread(name: "proof")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let connections: [Connection]
    private let names: [String]

    static let questions = [
        "SELECT count(*) FROM items",
        "SELECT sum(stock) FROM items",
        "SELECT sum(CAST(round(price * 100) AS INTEGER)) FROM items",
        "SELECT sum(json_array_length(tags)) FROM items",
        "SELECT sum(length(title)) + sum(length(notes)) FROM items",
    ]

    init(_ files: [(name: String, path: String)]) throws {
        names = files.map(\.name)
        connections = try files.map { try Connection(path: $0.path, access: .readOnly) }
        // The first sees the others too, to compare rows.
        for file in files.dropFirst() {
            try connections[0].execute("ATTACH \(literal(file.path)) AS \(quoted(file.name))")
        }
    }

    func close() {
        for connection in connections { connection.close() }
    }

    /// What each member answers.
    func answers(to sql: String) throws -> [String] {
        try connections.map { try $0.first(sql)?.first.map(Self.text) ?? "no row" }
    }

    /// Row by row against the first member: what either has and the other has not.
    func differences() throws -> [(member: String, missing: Int, surplus: Int)] {
        // Of one moment: the first may get news between two looks, and be equal to one member before and to the other after.
        try connections[0].transaction(.deferred) {
            try names.dropFirst().map { name in
                let (here, there) = ("SELECT * FROM main.items", "SELECT * FROM \(quoted(name)).items")
                return (name, try rows("\(here) EXCEPT \(there)"), try rows("\(there) EXCEPT \(here)"))
            }
        }
    }

    func areEqual() throws -> Bool {
        try differences().allSatisfy { $0.missing == 0 && $0.surplus == 0 }
    }

    private func rows(_ query: String) throws -> Int {
        guard case .integer(let count)? = try connections[0].first("SELECT count(*) FROM (\(query))")?.first else {
            return -1
        }
        return Int(count)
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .null: "NULL"
        case .integer(let integer): "\(integer)"
        case .real(let real): "\(real)"
        case .text(let text): text
        default: "\(value)"
        }
    }
}
