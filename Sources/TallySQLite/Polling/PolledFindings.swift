import SQLite
import TallyModel

/// What there is to say about polling the tables of one snapshot.
struct PolledFindings {
    let request: CaptureRequest
    let now: Timestamp
    let connection: Connection

    var rule: CursorRule { CursorRule(request.capture) }

    func all() throws -> [Finding] {
        let all = try Catalog.tables(in: connection)
        let selected = all.filter { request.tables.contains($0.name) }
        var findings = request.tables.unmatched(in: all.map(\.name)).map {
            Finding(
                .error,
                "\(connection.path): no table matches \(request.tables.words(for: $0))",
                remedy: "correct the name in `tables`"
            )
        }
        if selected.isEmpty {
            findings.append(
                Finding(.error, "\(connection.path): no table is selected", remedy: "name some in `tables`")
            )
        }
        for name in try Catalog.unidentifiable(in: connection) where request.tables.contains(name) {
            findings.append(
                Finding(
                    .error,
                    table: name,
                    "no key is declared, and columns hide the rowid under all its names, so nothing identifies its rows",
                    remedy: "declare a primary key, or leave the table out with \"!\(name)\""
                )
            )
        }
        findings += try aboutJournal()
        if request.capture.sweep == nil {
            let isSoft = request.capture.softDelete != nil
            findings.append(
                Finding(
                    isSoft ? .note : .warning,
                    isSoft
                        ? "only rows that are marked as deleted are deleted in the target; rows that vanish stay there"
                        : "polling does not see deletes: rows that vanish from the source stay in the target",
                    remedy: "set `capture.sweep: 5m` to have keys compared"
                )
            )
        }
        for schema in selected { findings += try about(schema) }
        return findings
    }

    private func aboutJournal() throws -> [Finding] {
        guard let mode = try connection.first("PRAGMA journal_mode")?.first?.text, mode != "wal" else { return [] }
        return [
            Finding(
                .note,
                "\(connection.path) keeps a rollback journal (\(mode)), in which writers wait while a poll is read",
                remedy: "PRAGMA journal_mode = WAL, once, lets them write meanwhile"
            )
        ]
    }

    // MARK: One table

    private func about(_ schema: TableSchema) throws -> [Finding] {
        let table: PolledTable
        do {
            table = try PolledTable(schema, request.capture)
        } catch let error as StoreError {
            return [Finding(.error, table: schema.name, error.message)]
        }
        if try table.isUnreadable(rule, in: connection) {
            return [Finding(.error, table: schema.name, Beginning.unreadable(table, rule))]
        }
        var findings = aboutKey(table) + (try aboutIndex(table))
        if let name = request.capture.softDelete, table.softDelete == nil {
            findings.append(
                Finding(
                    .warning,
                    table: schema.name,
                    "there is no column \(name) to mark rows as deleted; only a sweep finds deletes here"
                )
            )
        }
        findings += try aboutUnseen(table)
        switch rule.kind {
        case .timestamp: findings += try aboutTimes(table)
        case .version: findings += try aboutVersions(table)
        }
        return findings
    }

    private func aboutKey(_ table: PolledTable) -> [Finding] {
        guard table.schema.hasImplicitKey else { return [] }
        return [
            Finding(
                .warning,
                table: table.name,
                "the table has no primary key, so rows are told apart by rowid, and every change of the file's structure "
                    + "makes Tally load it again, for VACUUM is one of them and gives rows other row ids",
                remedy: "a PRIMARY KEY avoids that"
            )
        ]
    }

    private func aboutIndex(_ table: PolledTable) throws -> [Finding] {
        let leading = try connection.first(
            """
            SELECT 1 FROM pragma_index_list(?) AS list, pragma_index_info(list.name) AS info
            WHERE info.seqno = 0 AND info.name = ? AND list.partial = 0
            """,
            .text(table.name.name),
            .text(table.cursorName)
        )
        let isKey = table.schema.key.first == table.cursor
        guard leading == nil, !isKey else { return [] }
        let (name, column) = (quoted(table.name.name), quoted(table.cursorName))
        return [
            Finding(
                .warning,
                table: table.name,
                "no index begins with column \(table.cursorName), so each poll after a write to the file reads the whole "
                    + "table",
                remedy: "CREATE INDEX \(quoted("\(table.name.name)_\(table.cursorName)")) ON \(name)(\(column))"
            )
        ]
    }

    private func aboutUnseen(_ table: PolledTable) throws -> [Finding] {
        let count = try count("\(quoted(table.cursorName)) IS NULL", of: table)
        guard count > 0 else { return [] }
        return [
            Finding(
                .warning,
                table: table.name,
                "\(count) rows have NULL in column \(table.cursorName): a load brings them, and no poll sees them change",
                remedy: "give them a value and declare the column NOT NULL"
            )
        ]
    }

    func count(_ condition: String, of table: PolledTable) throws -> Int64 {
        let count = try connection.first("SELECT count(*) FROM \(quoted(table.name.name)) WHERE \(condition)")?.first
        guard case .integer(let count)? = count else { return 0 }
        return count
    }
}
