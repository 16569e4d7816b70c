package import Foundation
package import TallyGroup
import TallyLedger
import TallyMerge
import TallyModel

/// A conflict as people and programs see it: what had been, what met, what came of it.
package struct ConflictDetail: Sendable, Hashable, Codable {
    package typealias Cell = DeadLetterDetail.Cell

    /// One column of a write. Values are as SQL writes them; `nil` where there was none.
    package struct Edit: Sendable, Hashable, Codable {
        package var column: String
        package var before: String?
        package var after: String?

        package init(column: String, before: String?, after: String?) {
            self.column = column
            self.before = before
            self.after = after
        }
    }

    /// What one member wrote.
    package struct Version: Sendable, Hashable, Codable {
        package var member: String
        /// By the member's clock, within what is allowed.
        package var at: Date
        /// `insert`, `update` or `delete`.
        package var operation: String
        /// The entry of the ledger that the write became.
        package var entry: UInt64?
        /// The last entry that the member had seen.
        package var hadSeen: UInt64?
        /// Whether the policy chose it.
        package var stands: Bool
        package var edits: [Edit]

        package init(
            member: String,
            at: Date,
            operation: String,
            entry: UInt64?,
            hadSeen: UInt64?,
            stands: Bool,
            edits: [Edit]
        ) {
            self.member = member
            self.at = at
            self.operation = operation
            self.entry = entry
            self.hadSeen = hadSeen
            self.stands = stands
            self.edits = edits
        }
    }

    /// What keeps the row out, where a constraint does.
    package struct Constraint: Sendable, Hashable, Codable {
        /// `unique`, `parent`, `row`, or `refused` where one member alone does without it.
        package var kind: String
        /// Its name in the member that found it; for `refused` what that member says.
        package var name: String?
        package var columns: [String]
        /// The row that it clashes with, or refers to.
        package var table: String?
        package var key: [Cell]?
        /// The member that found it.
        package var member: String?

        package init(
            kind: String,
            name: String?,
            columns: [String],
            table: String?,
            key: [Cell]?,
            member: String?
        ) {
            self.kind = kind
            self.name = name
            self.columns = columns
            self.table = table
            self.key = key
            self.member = member
        }
    }

    package var id: Int64
    package var group: String
    package var table: String
    package var key: [Cell]
    /// `nil` where a delete met other writes.
    package var column: String?
    package var policy: String
    /// `resolved`, `waiting`, `decided`, `undone` or `superseded`.
    package var state: String
    /// When the last of the writes was made.
    package var at: Date
    /// The entry of the ledger with which it arose.
    package var sequence: UInt64
    /// The row as all of them had seen it; `nil` where there was none, or it is no longer known.
    package var base: [Cell]?
    package var versions: [Version]
    /// What the row became; `nil` where it was gone.
    package var result: [Cell]?
    package var decidedAt: Date?
    /// What a person decided, in words.
    package var decision: String?
    package var constraint: Constraint?
    /// The later conflict that it is part of, because another write joined it.
    package var partOf: Int64?
    /// The earlier conflicts that are part of it; `nil` where there are none.
    package var parts: [Int64]?

    package init(
        id: Int64,
        group: String,
        table: String,
        key: [Cell],
        column: String?,
        policy: String,
        state: String,
        at: Date,
        sequence: UInt64,
        base: [Cell]?,
        versions: [Version],
        result: [Cell]?,
        decidedAt: Date? = nil,
        decision: String? = nil,
        constraint: Constraint? = nil
    ) {
        self.id = id
        self.group = group
        self.table = table
        self.key = key
        self.column = column
        self.policy = policy
        self.state = state
        self.at = at
        self.sequence = sequence
        self.base = base
        self.versions = versions
        self.result = result
        self.decidedAt = decidedAt
        self.decision = decision
        self.constraint = constraint
    }

    package init(_ conflict: ConflictCase, group: String) {
        let record = conflict.record
        self.init(
            id: record.id,
            group: group,
            table: "\(conflict.table.name)",
            key: Self.cells(conflict.table.keyColumns, conflict.key),
            column: record.column.map { conflict.table.columnName($0) },
            policy: record.constraint.map { Self.policy($0, conflict.table) } ?? record.policy,
            state: record.state.rawValue,
            at: Date(record.at),
            sequence: record.sequence,
            base: conflict.base.map { Self.cells(conflict.table.columns, $0) },
            versions: conflict.parties.map { party in
                Version(
                    member: party.member,
                    at: Date(Timestamp(microseconds: party.write.stamp.time.microseconds)),
                    operation: "\(party.write.kind)",
                    entry: party.entry,
                    hadSeen: party.seen,
                    stands: party.write.stamp.dot.actor == record.winner,
                    edits: Edit.list(party.write, conflict.table)
                )
            },
            result: record.result.map { Self.cells(conflict.table.columns, $0) },
            decidedAt: record.decidedAt.map(Date.init),
            decision: record.decision,
            constraint: record.constraint.map { Constraint($0, conflict) }
        )
        partOf = conflict.whole
        parts = conflict.parts.isEmpty ? nil : conflict.parts
    }

    /// What decides, in words: the constraint.
    private static func policy(_ clash: ConstraintClash, _ table: TableSchema) -> String {
        let columns = "(\(clash.columns.map(table.columnName).joined(separator: ", ")))"
        let name = clash.name.map { " \($0)" } ?? (clash.columns.isEmpty ? "" : " \(columns)")
        return switch clash.kind {
        case .unique: "unique\(name)"
        case .parent, .reference: "foreign key\(name)"
        case .row: "check\(clash.name.map { " \($0)" } ?? "")"
        case .refused: "constraint"
        }
    }

    static func cells(_ columns: [Column], _ row: Row) -> [Cell] {
        zip(columns, row.values).map { Cell(column: $0.name, value: $1?.literal) }
    }
}

extension ConflictDetail.Constraint {
    fileprivate init(_ clash: ConstraintClash, _ conflict: ConflictCase) {
        self.init(
            kind: clash.kind.rawValue,
            name: clash.name,
            columns: clash.columns.map(conflict.table.columnName),
            table: conflict.other.map { "\($0.table.name)" },
            key: conflict.other.map { ConflictDetail.cells($0.table.keyColumns, $0.key) },
            member: conflict.finder
        )
    }
}

extension ConflictDetail.Edit {
    static func list(_ write: RowWrite, _ table: TableSchema) -> [ConflictDetail.Edit] {
        write.edits.map { edit in
            ConflictDetail.Edit(
                column: table.columnName(edit.column),
                before: edit.before?.literal,
                after: edit.after?.literal
            )
        }
    }
}

extension TableSchema {
    func columnName(_ place: Int) -> String {
        columns.indices.contains(place) ? columns[place].name : "column \(place + 1)"
    }
}

/// What `GET /v1/conflicts` answers and `tally conflicts list --json` prints.
package struct ConflictList: Sendable, Hashable, Codable {
    package var conflicts: [ConflictDetail]

    package init(conflicts: [ConflictDetail]) {
        self.conflicts = conflicts
    }
}
