import SQLite
import TallyModel

/// Turns rows of the log into the changes of one slice.
struct SliceBuilder {
    private let shapes: CapturedShapes
    private let keepsTimes: Bool
    private var times: [Timestamp] = []
    private var boundaries: [Boundary] = []
    private var tables: [TableSchema] = []
    private var changes: [Change] = []
    private(set) var byteCount = 0
    /// The shape of the last row, which most often is that of the next.
    private var layout: CapturedShapes.Layout?
    private var layoutID: Int64 = -1
    private var table = -1
    private var places: [Int64: Int] = [:]
    private var formerKey: Row?

    /// - Parameter keepsTimes: Whether the slice says when each change was made.
    init(_ shapes: CapturedShapes, keepsTimes: Bool = false) {
        self.shapes = shapes
        self.keepsTimes = keepsTimes
    }

    /// - Returns: Whether the row is the first half of a change of key, so that the slice must not end behind it.
    @inline(__always)
    mutating func append(_ statement: Statement, kind: Int64, _ connection: Connection) throws -> Bool {
        if kind >> 2 != layoutID { try turn(to: kind >> 2, connection) }
        guard let layout, layout.isSelected else { return false }
        defer {
            if keepsTimes, times.count < changes.count { times.append(Timestamp(julianDay: statement.real(at: 2))) }
        }
        switch LogKind.Operation(rawValue: kind & 3) {
        case .insert: add(.insert, row(statement, layout))
        case .update: add(.update, row(statement, layout))
        case .delete: add(.delete, key(statement, layout))
        case .moved, nil:
            formerKey = key(statement, layout).picking(layout.schema.key)
            return true
        }
        return false
    }

    var isEmpty: Bool { changes.isEmpty && boundaries.isEmpty }

    /// Notes that what was appended so far ends a whole number of transactions.
    mutating func end(_ commit: Commit, applied: Position? = nil) {
        boundaries.append(Boundary(count: changes.count, commit: commit, applied: applied))
    }

    func event(endingAt end: Commit?) -> StreamEvent {
        var slice = Slice(tables: tables, changes: changes, end: end, byteCount: byteCount)
        slice.boundaries = boundaries
        slice.times = times
        return .slice(slice)
    }

    private mutating func turn(to id: Int64, _ connection: Connection) throws {
        let next = try shapes.shape(id, connection)
        layout = next
        layoutID = id
        guard next.isSelected else { return }
        if let place = places[id] {
            table = place
        } else {
            table = tables.count
            places[id] = table
            tables.append(next.schema)
        }
    }

    @inline(__always)
    private mutating func add(_ operation: Change.Operation, _ row: Row) {
        changes.append(Change(operation, table: table, row: row, formerKey: formerKey))
        if let formerKey {
            byteCount += formerKey.byteCount
            self.formerKey = nil
        }
    }

    @inline(__always)
    private mutating func row(_ statement: Statement, _ layout: CapturedShapes.Layout) -> Row {
        var bytes = 64
        let count = layout.places.count
        let values = [Value?](unsafeUninitializedCapacity: count) { buffer, initialized in
            for column in 0..<count {
                let value = statement.value(at: layout.places[column])
                bytes += value.byteCount
                (buffer.baseAddress! + column).initialize(to: value)
            }
            initialized = count
        }
        byteCount += bytes
        return Row(values)
    }

    private mutating func key(_ statement: Statement, _ layout: CapturedShapes.Layout) -> Row {
        let values: [Value?] = zip(layout.places, layout.isKey).map { place, isKey in
            isKey ? statement.value(at: place) : nil
        }
        let row = Row(values)
        byteCount += 16 + row.byteCount
        return row
    }
}
