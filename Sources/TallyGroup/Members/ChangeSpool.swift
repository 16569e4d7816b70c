import TallyLedger
import TallyMerge
import TallyModel

/// Changes of one transaction that are too many to hold.
struct ChangeSpool {
    private let rows: RowSpool
    private var latest: Timestamp?

    /// - Parameter name: Of one spool at a time.
    init(named name: String, besideLedgerAt ledger: String) throws {
        rows = try RowSpool(named: name, besideLedgerAt: ledger)
    }

    mutating func append(_ changes: [MemberChange]) throws {
        for change in changes {
            latest = [latest, change.time].compactMap(\.self).max()
            try rows.append(change.asRow)
        }
    }

    func finished() throws -> SpooledChanges { SpooledChanges(rows: try rows.finished(), latest: latest) }
}

/// The changes of a ``ChangeSpool``, for whoever takes them in.
struct SpooledChanges: Sendable {
    fileprivate let rows: SpooledRows
    /// When the last of them was made, where that is known.
    let latest: Timestamp?

    func reader() throws -> Reader { Reader(rows: try rows.reader()) }

    struct Reader {
        fileprivate let rows: SpooledRows.Reader

        /// The next changes in their order; none at the end.
        func next() throws -> [MemberChange] { try rows.next(2048).map(MemberChange.init(asRow:)) }
    }

    func remove() { rows.remove() }
}

extension MemberChange {
    private static let operations: [Change.Operation] = [.insert, .update, .delete, .truncate]
    /// Places before those of the change's own row.
    private static let head = 10

    /// The change as one row, which ``init(asRow:)`` reads.
    fileprivate var asRow: Row {
        var values: [Value?] = [
            .integer(Int64(Self.operations.firstIndex(of: operation) ?? 0)),
            .integer(Int64(table)),
            time.map { .integer($0.microseconds) },
            .boolean(isRounded),
        ]
        values += Self.places(of: key) + (former.map(Self.places) ?? [nil, nil, nil])
        return Row(values + row.values)
    }

    private static func places(of key: MemberKey) -> [Value?] {
        [.bytes(key.id.key), key.spelling.map(Value.bytes), .boolean(key.hasNull)]
    }

    fileprivate init(asRow row: Row) throws {
        let values = row.values
        guard values.count >= Self.head, case .integer(let operation)? = values[0],
            Self.operations.indices.contains(Int(operation)), case .integer(let table)? = values[1],
            let key = Self.key(values[4...6], table)
        else { throw RowCoding.Malformed() }
        var time: Timestamp?
        if case .integer(let microseconds)? = values[2] { time = Timestamp(microseconds: microseconds) }
        self.init(
            operation: Self.operations[Int(operation)],
            table: Int(table),
            row: Row(Array(values[Self.head...])),
            key: key,
            former: Self.key(values[7...9], table),
            time: time,
            isRounded: values[3] == .boolean(true)
        )
    }

    private static func key(_ places: ArraySlice<Value?>, _ table: Int64) -> MemberKey? {
        let places = Array(places)
        guard case .bytes(let key)? = places[0] else { return nil }
        var spelling: [UInt8]?
        if case .bytes(let bytes)? = places[1] { spelling = bytes }
        return MemberKey(
            id: RowID(table: Int(table), key: key),
            spelling: spelling,
            hasNull: places[2] == .boolean(true)
        )
    }
}
