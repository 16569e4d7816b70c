import TallyLedger
import TallyMerge
import TallyModel

/// What a member is brought in one transaction.
struct MemberBatch: Sendable {
    var rows: [DueRow]
    /// What else there is of an entry that need not fit into memory.
    var rest: DueRest?
    /// Rows that it refused before.
    var parked: [DueRow]
    /// The sequence that it is brought to.
    var end: UInt64
}

/// Writes a batch to a member, whatever the order in which its rows can be.
///
/// Rows are what they are at the batch's end: a value may have gone from one row to another on the way, or two may have
/// changed theirs. So what is refused at first is tried again after the others, and what is in each other's way is taken
/// out and put in together.
struct BatchWriting {
    /// Rows that were taken out did not all go in again; the transaction is of no use.
    struct NotTogether: Error {
        var rows: Set<RowID>
        /// What those of them that did not go in clash with once all are as they are to be.
        var breaches: [FoundBreach]
    }

    struct RefusedRow {
        var row: DueRow
        var reason: String
        var violation: Violation?
    }

    /// How many rows a slice has at most: the more, the more of them are beside each other in the member.
    private static let slice = 8192

    private let outlet: Outlet
    private let target: any TargetSession
    /// Rows that are not to be taken out.
    private let apart: Set<RowID>
    private(set) var refused: [RefusedRow] = []
    private(set) var breaches: [FoundBreach] = []
    /// What was written, for whoever looks for what it breaks.
    private var loads: [Outlet.Load] = []

    init(outlet: Outlet, target: any TargetSession, apart: Set<RowID>) {
        self.outlet = outlet
        self.target = target
        self.apart = apart
    }

    /// Writes rows, each of a batch's once.
    mutating func write(_ rows: [DueRow]) async throws {
        for start in stride(from: 0, to: rows.count, by: Self.slice) {
            let some = rows[start..<min(start + Self.slice, rows.count)]
            loads.append(try outlet.load(some))
            refused += try await apply(loads[loads.count - 1], of: some)
        }
    }

    /// Lets go of what was written: there is more of it than fits into memory, and it is read again for that.
    mutating func letGo() { loads = [] }

    /// Tries again what was refused, once all rows were written.
    mutating func end() async throws {
        if !refused.isEmpty {
            try await tryAgain(until: { $0 > $1 / 2 })
            try await explain()
            let entangled = await entangled()
            if !entangled.isEmpty {
                try await exchange(entangled)
                try await tryAgain(until: { $0 == $1 })
                try await explain()
            } else if refused.contains(where: { $0.violation == nil }) {
                try await tryAgain(until: { $0 == $1 })
                try await explain()
            }
        }
        breaches = refused.map(breach)
        for load in loads { try await findBreaches(of: load) }
    }

    /// Looks for rows whose parents are not there, and for those that the member holds against a constraint, after ``end()``.
    mutating func findBreaches(among rows: [DueRow]) async throws {
        for start in stride(from: 0, to: rows.count, by: Self.slice) {
            try await findBreaches(of: try outlet.load(rows[start..<min(start + Self.slice, rows.count)]))
        }
    }

    private mutating func findBreaches(of load: Outlet.Load) async throws {
        breaches += try await target.orphans(of: load.slice).compactMap { outlet.breach($0) }
        breaches += try await target.duplicates(of: load.slice).compactMap { outlet.breach($0) }
    }

    private func apply(_ rows: [DueRow]) async throws -> [RefusedRow] {
        try await apply(try outlet.load(rows), of: rows[...])
    }

    private func apply(_ load: Outlet.Load, of rows: ArraySlice<DueRow>) async throws -> [RefusedRow] {
        var refused = load.unfit.map { RefusedRow(row: rows[rows.startIndex + $0.index], reason: $0.reason) }
        if !load.slice.changes.isEmpty {
            let outcome = try await target.apply(load.slice, replaying: [])
            refused += outcome.rejections.map {
                RefusedRow(row: rows[rows.startIndex + load.rows[$0.index]], reason: $0.reason)
            }
        }
        return refused
    }

    /// Tries what was refused once and once more.
    ///
    /// What a row makes room for may be before it or behind it, so the order is turned round every time: of a chain of rows
    /// each of which takes what the next one had, the one way puts one row in and the other all of them.
    ///
    /// - Parameter isEnough: Whether to stop, given how many are refused now and were before.
    private mutating func tryAgain(until isEnough: (Int, Int) -> Bool) async throws {
        while !refused.isEmpty {
            try Task.checkCancellation()
            let count = refused.count
            refused = try await apply(refused.map(\.row).reversed())
            if isEnough(refused.count, count) { return }
        }
    }

    /// Asks what keeps rows out.
    private mutating func explain() async throws { refused = try await explaining(refused) }

    private func explaining(_ refused: [RefusedRow]) async throws -> [RefusedRow] {
        guard !refused.isEmpty else { return [] }
        var refused = refused
        let load = try outlet.load(refused.map(\.row))
        for (index, place) in load.rows.enumerated() {
            try Task.checkCancellation()
            refused[place].violation = try await target.violation(of: index, in: load.slice)
        }
        return refused
    }

    private func breach(_ refused: RefusedRow) -> FoundBreach {
        FoundBreach(refused.row.id, refused.violation, refused.reason, in: outlet.table(refused.row.id))
    }

    /// The rows that are in the way of nothing but each other, or of nothing any more.
    private func entangled() async -> [DueRow] {
        guard await !target.enforcesForeignKeys else { return [] }
        var obstacles: [RowID: Set<RowID>] = [:]
        for refusal in refused where !apart.contains(refusal.row.id) {
            let table = outlet.table(refusal.row.id)
            switch refusal.violation {
            case nil: obstacles[refusal.row.id] = []
            case let violation? where violation.kind == .unique && !violation.obstacles.isEmpty:
                obstacles[refusal.row.id] = Set(violation.obstacles.map(table.id))
            default: continue
            }
        }
        // Whoever is in the way of rows that are stuck is stuck, and so on back.
        var waiting: [RowID: [RowID]] = [:]
        for (row, others) in obstacles { for other in others { waiting[other, default: []].append(row) } }
        var stuck = waiting.keys.filter { obstacles[$0] == nil }
        while let obstacle = stuck.popLast() {
            for row in waiting[obstacle] ?? [] where obstacles.removeValue(forKey: row) != nil { stuck.append(row) }
        }
        guard obstacles.values.contains(where: { !$0.isEmpty }) else { return [] }
        return refused.map(\.row).filter { obstacles[$0.id] != nil }
    }

    /// Takes rows out and puts them in as they are to be.
    private mutating func exchange(_ rows: [DueRow]) async throws {
        let ids = Set(rows.map(\.id))
        _ = try await target.apply(try outlet.removal(of: rows), replaying: [])
        let out = try await apply(rows)
        guard out.isEmpty else { throw NotTogether(rows: ids, breaches: try await explaining(out).map(breach)) }
        refused.removeAll { ids.contains($0.row.id) }
    }
}
