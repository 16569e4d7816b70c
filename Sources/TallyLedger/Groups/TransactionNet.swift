import SQLite
public import TallyMerge
public import TallyModel

/// What a transaction that need not fit into memory makes of its rows, each once, in a file beside the ledger.
///
/// Belongs to one isolation domain at a time, as its connection does.
public final class TransactionNet {
    private let path: String
    private let connection: Connection
    private let find: Statement
    private let change: Statement
    private let insert: Statement
    private var last: Int64 = 0

    /// Makes the file.
    public init(besideLedgerAt ledger: String) throws {
        path = ScratchFile.path("net", of: ledger)
        connection = try ScratchFile.make(
            at: path,
            """
            CREATE TABLE net (
                id INTEGER PRIMARY KEY, table_number INTEGER NOT NULL, key BLOB NOT NULL, time INTEGER, returns INTEGER NOT NULL,
                kind INTEGER NOT NULL, row BLOB
            ) STRICT;
            CREATE UNIQUE INDEX net_row ON net (table_number, key);
            """
        )
        find = try connection.prepare("SELECT id, time, kind, row, returns FROM net WHERE table_number = ? AND key = ?")
        change = try connection.prepare("UPDATE net SET time = ?, kind = ?, row = ?, returns = ? WHERE id = ?")
        insert = try connection.prepare(
            "INSERT INTO net (time, kind, row, returns, id, table_number, key) VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
    }

    /// Removes the file.
    public func close() {
        connection.close()
        // A file that stays is removed with the next opening of the ledger.
        try? LedgerFile.remove(path)
    }

    // MARK: Taking in

    /// Takes in the transaction's next change.
    ///
    /// - Parameters:
    ///   - rows: The ledger that has the rows that a truncation takes out.
    ///   - before: What the transaction's author held of a row before it.
    public func add(_ change: RowChange, rows ledger: GroupLedger, before: (RowID) throws -> Row?) throws {
        switch change {
        case .put(let id, let row, let time): try put(id, row, over: try found(id), time)
        case .delete(let id, let time): try keep(id, .gone, time, over: try found(id))
        case .move(let former, let id, let row, let time):
            let old = try found(former)
            var row = row
            if !row.isComplete {
                switch old?.outcome ?? .asBefore {
                case .asBefore: row = row.filled(from: try before(former))
                case .gone: break
                case .row(let known, let isAnew):
                    row = row.filled(from: isAnew ? known : known.filled(from: try before(former)))
                }
            }
            try keep(former, .gone, time, over: old)
            try keep(id, .row(row, isAnew: true), time, over: try found(id))
        case .truncate(let table):
            try connection.run(
                "UPDATE net SET kind = ?, row = NULL WHERE table_number = ?",
                .integer(Kind.gone.rawValue),
                .integer(Int64(table))
            )
            var last: [UInt8]?
            while case let some = try ledger.rows(of: table, after: last, limit: 4096), !some.isEmpty {
                last = some.last?.key
                for id in some { try keep(id, .gone, nil, over: try found(id)) }
            }
        }
    }

    /// Takes note of a row that the transaction's author is sent whatever becomes of it.
    public func addReturning(_ id: RowID) throws {
        let known = try found(id)
        try keep(id, known?.outcome ?? .asBefore, known?.time, over: known, returns: true)
    }

    /// Whether the author holds the row after what was taken in; `nil` where that says nothing about it.
    public func holds(_ id: RowID) throws -> Bool? {
        switch try found(id)?.outcome {
        case nil, .asBefore: nil
        case .gone: false
        case .row: true
        }
    }

    private func put(_ id: RowID, _ row: Row, over known: Found?, _ time: Timestamp?) throws {
        switch known?.outcome ?? .asBefore {
        case .asBefore: try keep(id, .row(row, isAnew: false), time, over: known)
        case .gone: try keep(id, .row(row, isAnew: true), time, over: known)
        case .row(let former, let isAnew):
            try keep(id, .row(row.filled(from: former), isAnew: isAnew), time, over: known)
        }
    }

    // MARK: Giving out

    /// The rows in the order in which they were first touched, about `limit` bytes of them at a time; none at the end.
    ///
    /// - Returns: Also those of them that the author is sent.
    public func rows(after place: inout Int64, limit: Int = 1 << 20) throws -> (nets: [RowNet], returning: Set<RowID>) {
        let statement = try connection.cached(
            "SELECT id, time, kind, row, returns, table_number, key FROM net WHERE id > ? ORDER BY id"
        )
        defer { statement.reset() }
        try statement.bind(.integer(place), at: 1)
        var (nets, returning): ([RowNet], Set<RowID>) = ([], [])
        var bytes = 0
        while bytes < limit, try statement.step() {
            let found = try found(in: statement)
            let id = RowID(table: Int(statement.integer(at: 5)), key: statement.value(at: 6).blob ?? [])
            nets.append(RowNet(id, found.outcome, time: found.time))
            if found.returns { returning.insert(id) }
            if case .row(let row, _) = found.outcome { bytes += row.byteCount }
            bytes += 256
            place = found.place
        }
        return (nets, returning)
    }

    // MARK: Rows of the file

    private enum Kind: Int64 {
        case asBefore
        case gone
        case row
        case rowAnew
    }

    private struct Found {
        var place: Int64
        var time: Timestamp?
        var outcome: RowNet.Outcome
        var returns: Bool
    }

    private func found(_ id: RowID) throws -> Found? {
        defer { find.reset() }
        try find.bind(.integer(Int64(id.table)), at: 1)
        try find.bind(.bytes(id.key), at: 2)
        return try find.step() ? found(in: find) : nil
    }

    private func found(in statement: Statement) throws -> Found {
        let row = statement.value(at: 3).blob ?? []
        let outcome: RowNet.Outcome =
            switch Kind(rawValue: statement.integer(at: 2)) {
            case .asBefore, nil: .asBefore
            case .gone: .gone
            case .row: .row(try RowCoding.decode(row), isAnew: false)
            case .rowAnew: .row(try RowCoding.decode(row), isAnew: true)
            }
        return Found(
            place: statement.integer(at: 0),
            time: statement.value(at: 1).integer.map { Timestamp(microseconds: $0) },
            outcome: outcome,
            returns: statement.integer(at: 4) != 0
        )
    }

    private func keep(
        _ id: RowID,
        _ outcome: RowNet.Outcome,
        _ time: Timestamp?,
        over known: Found?,
        returns: Bool = false
    ) throws {
        let statement = known == nil ? insert : change
        defer { statement.reset() }
        let (kind, row): (Kind, Row?) =
            switch outcome {
            case .asBefore: (.asBefore, nil)
            case .gone: (.gone, nil)
            case .row(let row, let isAnew): (isAnew ? .rowAnew : .row, row)
            }
        try statement.bind(time.map { .integer($0.microseconds) } ?? .null, at: 1)
        try statement.bind(.integer(kind.rawValue), at: 2)
        try statement.bind(row.map { .bytes(RowCoding.encode($0)) } ?? .null, at: 3)
        try statement.bind(.integer(returns || known?.returns == true ? 1 : 0), at: 4)
        if let known {
            try statement.bind(.integer(known.place), at: 5)
        } else {
            last += 1
            try statement.bind(.integer(last), at: 5)
            try statement.bind(.integer(Int64(id.table)), at: 6)
            try statement.bind(.bytes(id.key), at: 7)
        }
        _ = try statement.step()
    }
}
