import Foundation
import SQLite
import TallyHarness
import TallyModel
import TallyTesting
import Testing

/// Real data: the Chinook music shop.
@Suite(.timeLimit(.minutes(15)))
struct ChinookTests {
    /// Kept beside the repository, not in it.
    private static let path: String? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = root.deletingLastPathComponent().path + "/shared/data/chinook.sqlite"
        if FileManager.default.fileExists(atPath: path) { return path }
        print("SKIPPED: the Chinook database is not at \(path)")
        return nil
    }()

    @Test(.enabled(if: path != nil, "the Chinook database is not in ../shared/data"))
    func chinookIsCopiedWholeAndFollowedThroughRandomChanges() async throws {
        let seed = SplitMix64.newSeed()
        print("Chinook: seed \(seed)")
        let site = try Site()
        try FileManager.default.copyItem(atPath: try #require(Self.path), toPath: site.source.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: site.source.path)
        let tables = try await site.source.tables()
        #expect(tables.count == 11)
        try await site.syncOnce()
        try await site.requireAgreement()

        let child = try site.start("run")
        let writer = BackgroundWriter(path: site.source.path, pace: .zero, Shoppers(tables: tables, seed: seed))
        try await eventually("a good deal was written") { writer.transactions > 2000 }
        try await writer.stop()
        try await site.stop(child)
        try await site.syncOnce()
        try await site.requireAgreement()
    }

    /// Random rows of random tables, changed, copied, removed and given other keys.
    private struct Shoppers: Workload {
        let tables: [String]
        private var random: SplitMix64

        init(tables: [String], seed: UInt64) {
            self.tables = tables
            random = SplitMix64(seed: seed)
        }

        mutating func step(_ connection: Connection) throws {
            var random = random
            defer { self.random = random }
            try connection.transaction {
                for _ in 0..<Int.random(in: 1...4, using: &random) { try Self.write(connection, tables, &random) }
            }
        }

        private static func write(_ connection: Connection, _ tables: [String], _ random: inout SplitMix64) throws {
            let table = tables.randomElement(using: &random)!
            let columns = try connection.all("SELECT name, pk FROM pragma_table_info(?)", .text(table))
            let name: ([Value]) -> String = { if case .text(let text) = $0[0] { quoted(text) } else { "" } }
            let key = columns.filter { $0[1] != .integer(0) }.map(name)
            let others = columns.filter { $0[1] == .integer(0) }.map(name)
            let (row, other) = (try anyRow(connection, table, &random), try anyRow(connection, table, &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0: try connection.run("DELETE FROM \(quoted(table)) WHERE rowid = ?", row)
            case 1:
                let step = Value.integer(.random(in: 1...5000, using: &random))
                try connection.run(
                    "UPDATE OR REPLACE \(quoted(table)) SET \(key[0]) = \(key[0]) + ? WHERE rowid = ?",
                    step,
                    row
                )
            case 2..<5:
                let columns = others + key.dropFirst()
                let list = columns.map { ", \($0)" }.joined()
                let insert = "INSERT OR REPLACE INTO \(quoted(table)) (\(key[0])\(list))"
                try connection.run(
                    "\(insert) SELECT \(key[0]) + 7919\(list) FROM \(quoted(table)) WHERE rowid = ?",
                    row
                )
            default:
                guard let column = others.randomElement(using: &random) else { return }
                let value = "(SELECT \(column) FROM \(quoted(table)) WHERE rowid = ?)"
                try connection.run("UPDATE \(quoted(table)) SET \(column) = \(value) WHERE rowid = ?", other, row)
            }
        }

        private static func anyRow(
            _ connection: Connection,
            _ table: String,
            _ random: inout SplitMix64
        ) throws -> Value {
            let place = Value.integer(.random(in: 0..<100_000, using: &random))
            let query =
                "SELECT rowid FROM \(quoted(table)) WHERE rowid >= ? % (SELECT max(rowid) FROM \(quoted(table))) LIMIT 1"
            return try connection.first(query, place)?.first ?? .null
        }
    }
}
