import SQLite
public import TallyMerge
public import TallyModel

/// Rows that constraints keep out, each as a conflict that waits.
extension GroupLedger {
    private enum Kind: String {
        case unique, parent, reference, row, refused
    }

    /// The rows that are in each other's way now, and what is known of them.
    public func standoffs() throws -> [Standoff] {
        let withheld = try withholdings().map { withholding in
            Standoff(withheld: [withholding], known: Set([withholding.breach, withholding.further].compactMap(\.self)))
        }
        return try Standoff.joined(withheld + findings()).filter { !$0.withheld.isEmpty }
    }

    /// How many rows or values are withheld from the members.
    public func withheldCount() throws -> Int { try withholdings().count }

    private func withholdings() throws -> [Withholding] {
        try connection.all(
            """
            SELECT table_number, key, rule, rule_columns, other_table, other_key, further_columns, further_key, sequence, writes
            FROM conflict WHERE state = 'waiting' AND rule IN ('unique', 'parent', 'reference', 'row') ORDER BY id
            """
        ).map { row in
            guard let breach = Self.breach(row.prefix(7)), let sequence = row[8].integer, let writes = row[9].blob
            else { throw GroupMigration.damaged(path, "a row that is withheld cannot be read") }
            let further = row[7].blob.map { RowID(table: breach.row.table, key: $0) }
            return Withholding(
                breach: breach,
                sequence: UInt64(sequence),
                write: try RowState(encoded: writes).writes.first,
                wanted: nil,
                further: further.map { Breach(row: breach.row, rule: .unique(Self.terms(row[6]), $0)) }
            )
        }
    }

    /// What else was found of rows that hang together with those, each by itself.
    private func findings() throws -> [Standoff] {
        try connection.all(
            """
            SELECT table_number, key, rule, rule_columns, other_table, other_key, further_columns, row, other_row FROM finding
            """
        ).map { row in
            guard let breach = Self.breach(row.prefix(7)) else {
                throw GroupMigration.damaged(path, "what was found of a row cannot be read")
            }
            guard case .unique(_, let other) = breach.rule, let mine = row[7].blob, let theirs = row[8].blob else {
                return Standoff(known: [breach])
            }
            let clash = ToldClash(breach.row, try RowCoding.decode(mine), other, try RowCoding.decode(theirs))
            return Standoff(told: [clash])
        }
    }

    /// - Parameter row: The number of its table, its key, the kind of rule, its columns, the table and the key of the other row,
    ///   and the columns that a reference names.
    private static func breach(_ row: ArraySlice<Value>) -> Breach? {
        let row = Array(row)
        guard let table = row[0].integer, let key = row[1].blob, let kind = row[2].string.flatMap(Kind.init) else {
            return nil
        }
        let other = row[5].blob.map { RowID(table: Int(row[4].integer ?? table), key: $0) }
        return Breach(row: RowID(table: Int(table), key: key), rule: rule(kind, row[3], other, columns(row[6])))
    }

    /// Brings what is on record about withheld rows to what is withheld now.
    ///
    /// - Parameters:
    ///   - names: What the member that found them calls the constraints, by the rows that they are about.
    ///   - shown: What members are brought of each row.
    public func note(
        _ now: [Standoff],
        insteadOf former: [Standoff],
        constraints names: [RowID: String],
        foundBy member: Actor?,
        at moment: Timestamp,
        shown: (RowID) throws -> Row?
    ) throws {
        // One row may stand against several constraints.
        let withheld = now.flatMap(\.withheld)
        let (known, standing) = (Self.byRow(former.flatMap(\.withheld)), Self.byRow(withheld))
        for (row, withholdings) in known where standing[row] != withholdings { try end(row, "rule <> 'refused'") }
        for withholding in withheld {
            let row = withholding.breach.row
            if known[row] == standing[row] { continue }
            try insert(withholding, names[row], member, moment, try shown(row))
        }
        let (old, new) = (Self.findings(of: former), Self.findings(of: now))
        for (row, findings) in old where new[row] != findings {
            try connection.run(
                "DELETE FROM finding WHERE table_number = ? AND key = ?",
                .integer(Int64(row.table)),
                .bytes(row.key)
            )
        }
        for (row, findings) in new where old[row] != findings { try findings.forEach(insert) }
    }

    /// What was found of a row and is not on record with what is withheld.
    private enum Finding: Hashable {
        case breach(Breach)
        case told(ToldClash)
    }

    private static func findings(of standoffs: [Standoff]) -> [RowID: Set<Finding>] {
        standoffs.reduce(into: [:]) { rows, standoff in
            let recorded = standoff.withheld.flatMap { [$0.breach, $0.further].compactMap(\.self) }
            for breach in standoff.known.subtracting(recorded) { rows[breach.row, default: []].insert(.breach(breach)) }
            for clash in standoff.told { rows[clash.first, default: []].insert(.told(clash)) }
        }
    }

    private func insert(_ finding: Finding) throws {
        let (breach, rows): (Breach, (Row, Row)?) =
            switch finding {
            case .breach(let breach): (breach, nil)
            case .told(let clash):
                (Breach(row: clash.first, rule: .unique([], clash.second)), (clash.firstRow, clash.secondRow))
            }
        let (kind, columns, other) = Self.parts(of: breach.rule)
        try connection.run(
            """
            INSERT INTO finding (
                table_number, key, rule, rule_columns, other_table, other_key, further_columns, row, other_row
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .integer(Int64(breach.row.table)),
            .bytes(breach.row.key),
            .text(kind.rawValue),
            .text(columns),
            other.map { .integer(Int64($0.table)) } ?? .null,
            other.map { .bytes($0.key) } ?? .null,
            breach.rule.referenced.map { .text(Self.text($0.columns)) } ?? .null,
            rows.map { .bytes(RowCoding.encode($0.0)) } ?? .null,
            rows.map { .bytes(RowCoding.encode($0.1)) } ?? .null
        )
    }

    /// What is on record of withheld rows.
    private struct Noted: Hashable {
        var breach: Breach
        var further: Breach?
        var sequence: UInt64
    }

    private static func byRow(_ withholdings: [Withholding]) -> [RowID: Set<Noted>] {
        withholdings.reduce(into: [:]) { rows, withholding in
            let noted = Noted(
                breach: withholding.breach,
                further: withholding.further,
                sequence: withholding.sequence
            )
            rows[withholding.breach.row, default: []].insert(noted)
        }
    }

    private func insert(
        _ withholding: Withholding,
        _ name: String?,
        _ member: Actor?,
        _ moment: Timestamp,
        _ shown: Row?
    ) throws {
        let (breach, further) = (withholding.breach, withholding.further)
        let (kind, columns, other) = Self.parts(of: breach.rule)
        let beyond = further.map { Self.parts(of: $0.rule) }
        let furtherColumns = breach.rule.referenced.map { Self.text($0.columns) } ?? beyond?.columns
        let single = Self.columns(.text(columns))
        var state = RowState()
        if let write = withholding.write { state.add(write) }
        try connection.run(
            """
            INSERT INTO conflict (
                sequence, at, table_number, key, column_number, policy, state, writes, result,
                rule, rule_name, rule_columns, other_table, other_key, further_columns, further_key, member
            ) VALUES (?, ?, ?, ?, ?, '', 'waiting', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .integer(Int64(withholding.sequence)),
            .integer(moment.microseconds),
            .integer(Int64(breach.row.table)),
            .bytes(breach.row.key),
            single.count == 1 ? .integer(Int64(single[0])) : .null,
            .bytes(state.encoded),
            shown.map { .bytes(RowCoding.encode($0)) } ?? .null,
            .text(kind.rawValue),
            Value(name),
            .text(columns),
            other.map { .integer(Int64($0.table)) } ?? .null,
            other.map { .bytes($0.key) } ?? .null,
            furtherColumns.map { .text($0) } ?? .null,
            beyond?.other.map { .bytes($0.key) } ?? .null,
            member.map { .integer(Int64($0.number)) } ?? .null
        )
    }

    /// Notes that one member alone does without a row, unless that is on record.
    public func noteRefused(_ row: RowID, at sequence: UInt64, by member: Actor, _ reason: String, at moment: Timestamp)
        throws
    {
        let known = try connection.first(
            """
            SELECT 1 FROM conflict
            WHERE table_number = ? AND key = ? AND state = 'waiting' AND rule = 'refused' AND member = ?
            """,
            .integer(Int64(row.table)),
            .bytes(row.key),
            .integer(Int64(member.number))
        )
        guard known == nil else { return }
        let state = try latest(of: row)?.state ?? RowState()
        var last = RowState()
        if let write = state.writes.last { last.add(write) }
        try connection.run(
            """
            INSERT INTO conflict (sequence, at, table_number, key, policy, state, writes, rule, rule_name, member)
            VALUES (?, ?, ?, ?, '', 'waiting', ?, 'refused', ?, ?)
            """,
            .integer(Int64(sequence)),
            .integer(moment.microseconds),
            .integer(Int64(row.table)),
            .bytes(row.key),
            .bytes(last.encoded),
            .text(reason),
            .integer(Int64(member.number))
        )
    }

    /// Notes that a member has taken a row that it refused.
    func endRefused(_ row: RowID, by member: Actor) throws {
        try end(row, "rule = 'refused' AND member = \(member.number)")
    }

    private func end(_ row: RowID, _ which: String) throws {
        try connection.run(
            "UPDATE conflict SET state = 'superseded' WHERE table_number = ? AND key = ? AND state = 'waiting' AND \(which)",
            .integer(Int64(row.table)),
            .bytes(row.key)
        )
    }

    /// The rows that were written since ``versionMark`` was `mark`, those of `wanted` and of some tables alone.
    public func rows(writtenSince mark: Int64, among wanted: Set<RowID>, orIn tables: Set<Int>) throws -> Set<RowID> {
        guard versionMark > mark else { return [] }
        return Set(
            try connection.all("SELECT DISTINCT table_number, key FROM version WHERE id > ?", .integer(mark))
                .compactMap { row in
                    guard let table = row[0].integer, let key = row[1].blob else { return nil }
                    let id = RowID(table: Int(table), key: key)
                    return wanted.contains(id) || tables.contains(id.table) ? id : nil
                }
        )
    }

    // MARK: Coding

    static func constraint(_ row: ArraySlice<Value>) -> ConstraintClash? {
        let row = Array(row)
        guard let kind = row[0].string.flatMap(Kind.init) else { return nil }
        return ConstraintClash(
            kind: ConstraintClash.Kind(rawValue: kind.rawValue) ?? .refused,
            name: row[1].string,
            columns: columns(row[2]),
            other: row[4].blob.map { RowID(table: Int(row[3].integer ?? 0), key: $0) },
            member: row[5].integer.map { Actor(UInt16(truncatingIfNeeded: $0)) }
        )
    }

    private static func rule(_ kind: Kind, _ columns: Value, _ other: RowID?, _ further: [Int]) -> Breach.Rule {
        switch (kind, other) {
        case (.unique, let other?): .unique(terms(columns), other)
        case (.parent, let other?): .parent(Self.columns(columns), other)
        case (.reference, let other?):
            .reference(Self.columns(columns), Referenced(table: other.table, columns: further, former: other))
        default: .row(Self.columns(columns))
        }
    }

    private static func parts(of rule: Breach.Rule) -> (kind: Kind, columns: String, other: RowID?) {
        switch rule {
        case .unique(let terms, let other): (.unique, text(terms), other)
        case .parent(let columns, let other): (.parent, text(columns), other)
        case .reference(let columns, let referenced): (.reference, text(columns), referenced.former)
        case .row(let columns): (.row, text(columns), nil)
        }
    }

    private static func text(_ columns: [Int]) -> String { columns.map(String.init).joined(separator: ",") }

    /// As `1,2 caseless`: by the column's number, and how texts are compared where not to the byte.
    private static func text(_ terms: [UniqueTerm]) -> String {
        terms.map { $0.folding == .exact ? "\($0.column)" : "\($0.column) \($0.folding.rawValue)" }.joined(
            separator: ","
        )
    }

    private static func columns(_ value: Value) -> [Int] { terms(value).map(\.column) }

    private static func terms(_ value: Value) -> [UniqueTerm] {
        (value.string ?? "").split(separator: ",").compactMap { term in
            let parts = term.split(separator: " ")
            guard let column = parts.first.flatMap({ Int($0) }) else { return nil }
            return UniqueTerm(
                column: column,
                folding: parts.count > 1 ? TextFolding(rawValue: String(parts[1])) ?? .exact : .exact
            )
        }
    }
}
