import TallyLedger
import TallyMerge
import TallyModel

/// One snapshot of a group's ledger, with the names and rules that make sense of it.
struct ArchiveView {
    let ledger: GroupLedger
    let settings: GroupSettings
    let authors: Authors
    let tables: [GroupTable]
    let expressions: any MergeExpressions

    init(_ ledger: GroupLedger, _ settings: GroupSettings, _ expressions: any MergeExpressions) throws {
        self.ledger = ledger
        self.settings = settings
        self.expressions = expressions
        let authors = try Authors(of: ledger)
        self.authors = authors
        tables = try ledger.tables().enumerated().map { number, schema in
            let setting = settings.tables.first { $0.name == schema.name } ?? GroupTableSettings(name: schema.name)
            return GroupTable(number: number, schema: schema, settings: setting, actors: authors.byName)
        }
    }

    // MARK: Names

    func table(named name: String) throws(Refusal) -> GroupTable {
        guard let table = tables.first(where: { $0.schema.goes(by: name) }) else {
            let names = tables.map { "\($0.schema.name)" }.joined(separator: ", ")
            throw Refusal(.notFound, "group \(settings.name) has no table \(name); tables: \(names)")
        }
        return table
    }

    /// All numbers that a member has gone by.
    func actors(named name: String) throws(Refusal) -> [Actor] {
        let actors = authors.actors(named: name)
        guard actors.isEmpty else { return actors }
        let names = authors.names.joined(separator: ", ")
        throw Refusal(.notFound, "group \(settings.name) has no member \(name); members: \(names)")
    }

    // MARK: Conflicts

    /// The conflicts that a filter lets through. Where it asks for no state, parts of later conflicts are left out.
    func conflicts(_ filter: ConflictFilter) throws -> [ConflictCase] {
        let records = try ledger.conflicts(filter)
        let parts = ConflictParts(records)
        let shown = filter.state == nil ? records.filter { parts.whole[$0.id] == nil } : records
        return try shown.map { try conflict($0, parts) }
    }

    func conflict(_ record: ConflictRecord) throws -> ConflictCase {
        try conflict(record, ConflictParts(try ledger.conflicts(of: record.row)))
    }

    private func conflict(_ record: ConflictRecord, _ parts: ConflictParts) throws -> ConflictCase {
        let origins = try ledger.origins(of: record.row)
        let parties = record.writes.map { write in
            let origin = origins.first { $0.dot == write.stamp.dot }
            return ConflictCase.Party(
                member: authors.name(of: write.stamp.dot.actor),
                write: write,
                entry: origin?.sequence,
                seen: origin.map { origins.seen(by: write, base: $0.base) }
            )
        }
        return ConflictCase(
            record: record,
            table: tables[record.row.table].schema,
            key: try KeyCoding.decode(record.row.key),
            parties: parties,
            winner: record.winner.map(authors.name),
            base: try base(of: record, origins),
            other: try record.constraint?.other.map { (tables[$0.table].schema, try KeyCoding.decode($0.key)) },
            finder: record.constraint?.member.map(authors.name),
            whole: parts.whole[record.id],
            parts: parts.parts(of: record.id)
        )
    }

    /// The row as all of those whose writes met had seen it.
    private func base(of conflict: ConflictRecord, _ origins: [VersionOrigin]) throws -> Row? {
        guard !conflict.writes.isEmpty else { return nil }
        let seen = VersionVector.minimum(of: conflict.writes.map(\.stamp.context))
        for origin in origins.reversed() where origin.sequence < conflict.sequence && seen.includes(origin.dot) {
            guard let state = try ledger.version(of: conflict.row, upTo: origin.sequence)?.state,
                state.writes.allSatisfy({ seen.includes($0.stamp.dot) })
            else { continue }
            return try outcome(of: state, conflict.row).row
        }
        return nil
    }

    func outcome(of state: RowState, _ id: RowID) throws -> MergeOutcome {
        try state.outcome(under: tables[id.table].merge.rules, evaluating: expressions)
    }
}

extension TableSchema {
    /// Whether a person may mean this table by a name: with its schema, or without.
    func goes(by name: String) -> Bool { "\(self.name)" == name || self.name.name == name }
}

extension [VersionOrigin] {
    /// The last entry that the author of a write had seen: by what it had been brought to, and by its own doing.
    func seen(by write: RowWrite, base: UInt64) -> UInt64 {
        let last = last { write.stamp.context.includes($0.dot) }
        return Swift.max(base, last?.sequence ?? 0)
    }
}
