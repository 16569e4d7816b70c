import TallyMerge
import TallyModel

/// How one member's rows of a table become the group's, and back: in the group's columns, values in the group's form.
struct TableBridge: Sendable {
    let table: GroupTable
    /// For each column of the group's table, its place in the member's rows; `nil` where the member has no such column.
    private let places: [Int?]
    private let isIdentity: Bool
    /// The member's own key columns, as places in the group's key.
    private let key: [Int]
    /// For each column of the group's key, whether the member makes numbers of texts that are some.
    private let makesNumbers: [Bool]
    /// Whether the member can hold one key in several spellings.
    let spellsFreely: Bool

    /// - Throws: ``StoreError`` with code `incompatibleSchema` where the keys differ.
    init(_ table: GroupTable, member schema: TableSchema, named member: String) throws {
        self.table = table
        places = table.schema.columns.map { schema.column(named: $0.name) }
        isIdentity = places.elementsEqual(schema.columns.indices.map { $0 }, by: { $0 == $1 })
        let names = schema.keyColumns.map(\.name)
        key = table.schema.keyColumns.compactMap { names.firstIndex(of: $0.name) }
        spellsFreely = table.values.types != nil && schema.definition?.kind == "sqlite"
        makesNumbers = key.map { Self.makesNumbers(schema.keyColumns[$0].declaredType) }
        guard key.count == names.count, names.count == table.schema.key.count else {
            throw StoreError(
                .incompatibleSchema,
                "in \(member) the key is (\(names.joined(separator: ", "))), in the group "
                    + "(\(table.schema.keyColumns.map(\.name).joined(separator: ", "))); one row has to have one key everywhere",
                table: schema.name
            )
        }
    }

    /// Whether a member's declared type is one with which SQLite makes a number of a text that is one
    /// (https://www.sqlite.org/datatype3.html, section 3.1).
    private static func makesNumbers(_ declared: String) -> Bool {
        let type = declared.uppercased()
        return type.contains("INT")
            || !type.isEmpty && !["CHAR", "CLOB", "TEXT", "BLOB"].contains(where: type.contains)
    }

    /// The member's row in the group's columns and values.
    ///
    /// - Returns: Also the row's key as the member spells it, and whether a value became another.
    func row(_ row: Row) -> (row: Row, key: MemberKey, isRounded: Bool) {
        let plain = isIdentity ? row : Row(places.map { place in place.flatMap { row[$0] } })
        let (read, isRounded) = table.values.row(plain)
        return (read, key(plain.picking(table.schema.key)), isRounded)
    }

    func change(_ change: Change, time: Timestamp?) -> MemberChange {
        if change.operation == .truncate { return MemberChange(truncating: table.number, time: time) }
        let (row, key, isRounded) = row(change.row)
        return MemberChange(
            operation: change.operation,
            table: table.number,
            row: row,
            key: key,
            former: change.formerKey.map { self.key($0.picking(self.key)) },
            time: time,
            isRounded: isRounded
        )
    }

    /// - Parameter spelled: The key's values as the member has them, in the group's order.
    private func key(_ spelled: Row) -> MemberKey {
        let known = table.values.identity(of: spelled)
        return MemberKey(
            id: table.identity(known),
            spelling: spellsFreely && !isOwn(spelled, of: known) ? KeyCoding.encode(spelled) : nil,
            hasNull: spelled.values.contains(.null)
        )
    }

    /// Whether the member itself would find the row under the group's key.
    private func isOwn(_ spelled: Row, of known: Row) -> Bool {
        zip(makesNumbers, zip(spelled.values, known.values)).allSatisfy { makesNumbers, pair in
            guard let spelled = pair.0, let known = pair.1 else { return pair.0 == pair.1 }
            if spelled == known || spelled == known.scalar { return true }
            switch spelled {
            case .integer, .real: return makesNumbers && ColumnKind.mixed.isSame(spelled, known)
            default: return false
            }
        }
    }
}

/// A key as a member holds it.
struct MemberKey: Sendable, Hashable {
    var id: RowID
    /// How the member spells it, as ``TallyModel/KeyCoding`` writes it; `nil` where that is the group's way.
    var spelling: [UInt8]?
    var hasNull: Bool
}

/// One change that a member made, with keys as the member spells them.
struct MemberChange: Sendable {
    var operation: Change.Operation
    var table: Int
    /// In the group's columns and values.
    var row: Row
    var key: MemberKey
    /// The key before the change, where that gave the row another, or spelled it anew.
    var former: MemberKey?
    var time: Timestamp?
    /// Whether a value is another than the member holds.
    var isRounded: Bool
}

extension MemberChange {
    /// It has no row, and no key.
    fileprivate init(truncating table: Int, time: Timestamp?) {
        self.init(
            operation: .truncate,
            table: table,
            row: Row([]),
            key: MemberKey(id: RowID(table: table, key: []), hasNull: false),
            time: time,
            isRounded: false
        )
    }
}
