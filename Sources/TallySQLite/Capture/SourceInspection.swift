import Foundation
import SQLite
import TallyModel
import Threading

/// What `tally check` says about a file to be captured by triggers. Changes nothing in it.
actor SourceInspection {
    private let thread = DatabaseThread(name: "tally-check")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let file: SourceFile

    init(file: SourceFile) {
        self.file = file
    }

    func catalog() throws -> [TableSchema] {
        try reading { try Catalog.tables(in: $0) }
    }

    /// - Throws: ``StoreError`` when the stream could not go on from the checkpoint.
    func verify(_ checkpoint: Checkpoint, flow: String) throws {
        try reading { try History.verify(checkpoint, of: flow, in: $0) }
    }

    static func findings(path: String, _ request: CaptureRequest) async -> [Finding] {
        do {
            return try await SourceInspection(file: SourceFile(path)).findings(request)
        } catch let error as StoreError {
            return [Finding(.error, table: error.table, error.message)]
        } catch {
            return [Finding(.error, "\(path): \(error)")]
        }
    }

    private func findings(_ request: CaptureRequest) throws -> [Finding] {
        let isMember = request.group != nil
        return try reading { connection in
            let tables = try Catalog.tables(in: connection)
            let selected = tables.filter { request.tables.contains($0.name) }
            var findings: [Finding] = []
            // Of a member, the target's part says whether it can be written and what of its keys, and the group which tables it
            // lacks.
            if !isMember { findings += unwritable() + aboutSelection(request.tables, tables.map(\.name)) }
            let rewriting = try RowRewriting(in: connection)
            for table in selected {
                findings += try about(table, rewriting, connection)
                if !isMember { findings += try nulls(in: table, connection) }
            }
            findings += try unidentifiable(request.tables, connection) + uncaptured(request.tables, connection)
            findings += try aboutFile(connection)
            findings += try aboutOtherFlows(than: request.consumer.flow, connection)
            return findings
        }
    }

    private func reading<Result>(_ body: (Connection) throws -> Result) throws -> Result {
        let connection = try file.connect(.readOnly)
        defer { connection.close() }
        return try connection.transaction(.deferred) { try body(connection) }
    }

    // MARK: The file

    private func unwritable() -> [Finding] {
        let folder = URL(fileURLWithPath: file.path).resolvingSymlinksInPath().deletingLastPathComponent().path
        return [file.path, folder].filter { !FileManager.default.isWritableFile(atPath: $0) }.map { path in
            Finding(
                .error,
                "\(path) cannot be written, and capture by trigger keeps the changes in the source file",
                remedy: "give Tally the right to write it, or write `capture: timestamp`"
            )
        }
    }

    private func aboutFile(_ connection: Connection) throws -> [Finding] {
        guard case .text(let mode)? = try connection.first("PRAGMA journal_mode")?.first, mode != "wal" else {
            return []
        }
        return [
            Finding(
                .note,
                "\(file.path) keeps a rollback journal (\(mode)), in which readers and writers wait for each other",
                remedy: "PRAGMA journal_mode = WAL, once, lets the flow read while others write"
            )
        ]
    }

    private func aboutOtherFlows(than flow: String, _ connection: Connection) throws -> [Finding] {
        guard try CaptureTables.exist(in: connection) else { return [] }
        let rows = try connection.all(
            """
            SELECT flow, target_label, seen_at, (SELECT count(*) FROM _tally_log WHERE seq > acknowledged)
            FROM _tally_flow WHERE flow <> ? AND julianday(seen_at) < julianday('now') - 1
            """,
            .text(flow)
        )
        return rows.compactMap { row in
            guard case .text(let name) = row[0], case .text(let target) = row[1], case .text(let seen) = row[2],
                case .integer(let count) = row[3], count > 0
            else { return nil }
            return Finding(
                .warning,
                "\(name) (to \(target)) was last seen at \(seen) and holds \(count) captured rows in \(file.path)",
                remedy: "run it, or end it with `tally remove \(name)`"
            )
        }
    }

    // MARK: Tables

    private func aboutSelection(_ selection: TableSelection, _ names: [TableName]) -> [Finding] {
        let findings = unmatched(selection, names)
        if names.contains(where: selection.contains) { return findings }
        return findings + [
            Finding(.error, "\(file.path): no table is selected", remedy: "name the flow's tables in `tables:`")
        ]
    }

    private func unmatched(_ selection: TableSelection, _ names: [TableName]) -> [Finding] {
        selection.unmatched(in: names).map { pattern in
            // What is near to a secret says too much of it.
            let nearest =
                selection.shown[pattern] == nil
                ? names.map(\.name).min { pattern.distance(to: $0) < pattern.distance(to: $1) } : nil
            return Finding(
                .error,
                "\(file.path): no table matches \(selection.words(for: pattern))",
                remedy: nearest.map { "did you mean \($0)?" }
            )
        }
    }

    private func about(_ table: TableSchema, _ rewriting: RowRewriting, _ connection: Connection) throws -> [Finding] {
        var findings: [Finding] = []
        func add(_ severity: Finding.Severity, _ message: String, remedy: String? = nil) {
            findings.append(Finding(severity, table: table.name, message, remedy: remedy))
        }
        let indexes = try Catalog.uniqueIndexes(of: table.name.name, in: connection)
        let reading = rewriting.reading(of: table.name.name)
        let script = TriggerScript(shape: 0, schema: table, uniqueIndexes: indexes, reading: reading)
        add(.note, "\(script.triggers.count) triggers of Tally's on the table keep its changes")
        if table.hasImplicitKey {
            add(
                .warning,
                "the table has no primary key, so rows are told apart by rowid, and VACUUM makes Tally load it again",
                remedy: "a PRIMARY KEY avoids that"
            )
        }
        if reading != .given {
            add(
                .note,
                "triggers or foreign key actions write to rows as they change, so each row is read again when captured"
            )
        }
        let generated = table.columns.filter(\.isGenerated).map(\.name)
        if !generated.isEmpty {
            add(.note, "generated columns are captured as values: \(generated.joined(separator: ", "))")
        }
        return findings
    }

    private func nulls(in table: TableSchema, _ connection: Connection) throws -> [Finding] {
        let nullable = table.keyColumns.filter { $0.isNullable && !$0.isHidden }
        guard !nullable.isEmpty else { return [] }
        let condition = nullable.map { "\(quoted($0.name)) IS NULL" }.joined(separator: " OR ")
        let row = try connection.first("SELECT 1 FROM \(quoted(table.name.name)) WHERE \(condition) LIMIT 1")
        guard row != nil else { return [] }
        return [
            Finding(
                .warning,
                table: table.name,
                "some rows have NULL in their key; such rows cannot be told apart, and become dead letters",
                remedy: "give them a key, and declare its columns NOT NULL"
            )
        ]
    }

    private func unidentifiable(_ selection: TableSelection, _ connection: Connection) throws -> [Finding] {
        try Catalog.unidentifiable(in: connection).filter { selection.contains($0) }.map { table in
            Finding(
                .error,
                table: table,
                "the table has no primary key, and its columns hide the rowid under all of its names",
                remedy: "rename the column oid, _rowid_ or rowid, declare a key, or leave the table out"
            )
        }
    }

    private func uncaptured(_ selection: TableSelection, _ connection: Connection) throws -> [Finding] {
        let rows = try connection.all(
            """
            SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type IN ('view', 'virtual') ORDER BY name
            """
        )
        return rows.compactMap { row in
            guard case .text(let name) = row[0], case .text(let type) = row[1],
                selection.contains(TableName(name))
            else { return nil }
            let kind = type == "view" ? "a view" : "a virtual table"
            return Finding(.note, table: TableName(name), "this is \(kind), which cannot be captured; it is left out")
        }
    }
}

extension String {
    /// How many characters have to be changed, added or taken away to make one name of the other (Levenshtein).
    fileprivate func distance(to other: String) -> Int {
        let (left, right) = (Array(lowercased()), Array(other.lowercased()))
        var row = Array(0...right.count)
        for (i, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, candidate) in right.enumerated() {
                let cost = character == candidate ? diagonal : 1 + Swift.min(diagonal, row[j], row[j + 1])
                diagonal = row[j + 1]
                row[j + 1] = cost
            }
        }
        return row[right.count]
    }
}
