import SQLite
import TallyLedger
import TallyMerge
import TallyModel
import Testing

/// Ledgers of groups that earlier versions wrote.
@Suite struct GroupMigrationTests {
    private let keys = [
        Row([.integer(7)]), Row([.integer(-1), .text("a")]), Row([.uuid(high: 1, low: .max)]), Row([.text("7")]),
        Row([.null]),
    ]

    /// Every column that holds keys.
    private let places = [
        ("version", "key"), ("conflict", "key"), ("conflict", "other_key"), ("conflict", "further_key"),
        ("compared", "key"),
        ("parked", "key"), ("spelling", "key"), ("spelling", "spelled"), ("left_out", "spelled"),
    ]

    private func rows(_ path: String, _ sql: String, _ values: Value...) throws -> [[Value]] {
        let connection = try Connection(path: path, access: .readWrite)
        defer { connection.close() }
        let statement = try connection.cached(sql)
        for (place, value) in values.enumerated() { try statement.bind(value, at: place + 1) }
        defer { statement.reset() }
        var rows: [[Value]] = []
        while try statement.step() { rows.append([statement.value(at: 0)]) }
        return rows
    }

    /// Makes a ledger whose keys are as they were written before `ordered keys`.
    private func makeOld(_ path: String) throws {
        try GroupLedger(path: path, group: "g").close()
        for (number, key) in keys.enumerated() {
            let old = Value.bytes(RowCoding.encode(key))
            let number = Value.integer(Int64(number))
            _ = try rows(
                path,
                "INSERT INTO version (table_number, key, sequence, actor, counter, base, flags, state) VALUES (?, ?, 1, 1, 1, 0, 1, ?)",
                number,
                old,
                .bytes(RowState().encoded)
            )
            _ = try rows(
                path,
                """
                INSERT INTO conflict (sequence, at, table_number, key, policy, state, writes, other_key, further_key)
                VALUES (1, 1, ?1, ?2, 'latest', 'resolved', x'', ?2, ?2)
                """,
                number,
                old
            )
            _ = try rows(path, "INSERT INTO compared (actor, table_number, key) VALUES (1, ?, ?)", number, old)
            _ = try rows(
                path,
                "INSERT INTO parked (actor, table_number, key, base, reason, since) VALUES (1, ?, ?, 0, 'r', 1)",
                number,
                old
            )
            _ = try rows(
                path,
                "INSERT INTO spelling (actor, table_number, key, spelled) VALUES (1, ?1, ?2, ?2)",
                number,
                old
            )
            _ = try rows(
                path,
                "INSERT INTO left_out (actor, table_number, spelled, reason, count) VALUES (1, ?, ?, 'null', 1)",
                number,
                old
            )
        }
        _ = try rows(
            path,
            "INSERT INTO conflict (sequence, at, table_number, key, policy, state, writes) VALUES (1, 1, 9, ?, 'latest', 'resolved', x'')",
            .bytes(RowCoding.encode(keys[0]))
        )
        _ = try rows(
            path,
            """
            DELETE FROM migration
            WHERE name IN ('ordered keys', 'returned', 'parked again', 'tables of later', 'told clashes', 'findings')
            """
        )
        _ = try rows(path, "ALTER TABLE entry DROP COLUMN returned")
        _ = try rows(path, "ALTER TABLE group_table DROP COLUMN since")
        _ = try rows(path, "DROP TABLE finding")
    }

    @Test(arguments: [true, false])
    func `Keys of before are rewritten wherever they stand, by whoever opens the ledger first`(isReader: Bool)
        async throws
    {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/g.db"
            try makeOld(path)
            let ledger =
                try isReader
                ? #require(try GroupLedger(readingAt: path, group: "g")) : GroupLedger(path: path, group: "g")
            for (number, key) in keys.enumerated() {
                #expect(
                    try ledger.latest(of: RowID(table: number, key: KeyCoding.encode(key)))?.sequence == 1,
                    "\(key)"
                )
                for (table, column) in places {
                    let found = try rows(
                        path,
                        "SELECT \(column) FROM \(table) WHERE table_number = ?",
                        .integer(Int64(number))
                    )
                    #expect(found == [[.bytes(KeyCoding.encode(key))]], "\(table).\(column) of \(key)")
                }
            }
            // What is empty stays empty.
            #expect(try rows(path, "SELECT other_key FROM conflict WHERE table_number = 9") == [[.null]])
            ledger.close()
            // A second opening finds nothing to do.
            try GroupLedger(path: path, group: "g").close()
            #expect(
                try rows(path, "SELECT key FROM version WHERE table_number = 0") == [
                    [.bytes(KeyCoding.encode(keys[0]))]
                ]
            )
        }
    }
}
