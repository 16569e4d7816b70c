import SQLite
import TallyModel

/// Reads a flow's stream out of the log, a slice at a time.
///
/// Rows of the log never change and are removed only behind the flow's own acknowledgement, so a batch needs no
/// snapshot of its own: one read transaction says where it ends, and each slice is read in a short one. A long reader
/// would keep a rollback-journal source from committing and a WAL from being reset.
struct LogReader {
    enum Step {
        case events([StreamEvent])
        /// Nothing was committed since.
        case nothing
        /// The file's structure changed since the last review; the log is not to be read before the next one.
        case structureChanged
    }

    private let selection: TableSelection
    private let sliceLimit: Int
    /// The group whose own transactions are told apart, where the stream is a member's.
    private let group: String?
    private var shapes = CapturedShapes()
    /// The tables as the stream has them at ``cursor``.
    private var tables: [TableName: TableSchema] = [:]
    /// The last row read.
    private(set) var cursor: Int64
    /// Where the last transaction that the stream has given whole ended; at ``cursor`` between batches.
    private var lastEnd: Position
    /// The last row of the batch being read.
    private var batchEnd: Int64?
    private var earliest: Double?

    init(selection: TableSelection, start: Position, sliceLimit: ByteCount, group: String? = nil) {
        self.selection = selection
        self.sliceLimit = sliceLimit.bytes
        self.group = group
        cursor = Int64(clamping: start.order)
        lastEnd = start
    }

    /// Takes up the shapes as a review left them. The first call settles the tables at the start.
    mutating func reload(from connection: Connection) throws {
        try connection.transaction(.deferred) {
            let isFirst = shapes.isEmpty
            shapes = try CapturedShapes(selection: selection, in: connection)
            if isFirst { tables = shapes.tables(at: cursor) }
        }
    }

    var currentTables: [TableSchema] { tables.values.sorted { $0.name < $1.name } }

    mutating func step(_ connection: Connection) throws -> Step {
        try connection.transaction(.deferred) {
            if batchEnd == nil {
                guard try CaptureTables.schemaVersion(in: connection) == shapes.schemaVersion else {
                    return .structureChanged
                }
                let last = try History.lastSequence(in: connection)
                if last != cursor {
                    try History.verify(lastEnd, in: connection)
                    batchEnd = last
                }
            }
            guard let batchEnd else { return .nothing }
            return .events(try read(to: batchEnd, connection))
        }
    }

    private mutating func read(to end: Int64, _ connection: Connection) throws -> [StreamEvent] {
        let statement = try connection.cached(shapes.sql)
        defer { statement.reset() }
        try statement.bind(.integer(cursor), at: 1)
        try statement.bind(.integer(end), at: 2)
        var slice = SliceBuilder(shapes, keepsTimes: group != nil)
        var isMoving = false
        // Within a transaction of the group's own, which the log holds whole: whoever writes it has SQLite's one lock.
        var isOwn = false
        while try statement.step() {
            let sequence = statement.integer(at: 0)
            let kind = statement.integer(at: 1)
            guard sequence == cursor + 1 else {
                throw History.lost("rows \(cursor + 1) to \(sequence - 1) of the source's log are gone", in: connection)
            }
            if kind == LogKind.structure {
                guard cursor == Int64(clamping: lastEnd.order), slice.isEmpty else {
                    return [try finish(slice, at: cursor, goesOn: true, connection)]
                }
                cursor = sequence
                let events = try structure(statement, connection)
                lastEnd = try History.position(at: sequence, in: connection)
                if sequence < end && !events.isEmpty { return events }
                if sequence == end { return events + [try finish(slice, at: end, connection)] }
                continue
            }
            cursor = sequence
            let time = statement.real(at: 2)
            if kind == LogKind.signature {
                guard let group, statement.value(at: 3) == .text(group) else { continue }
                guard case .integer(let applied) = statement.value(at: 4) else {
                    slice.end(try commit(at: sequence - 1, connection))
                    isOwn = true
                    continue
                }
                isOwn = false
                earliest = time
                var place = Position(order: UInt64(clamping: applied))
                if case .text(let detail) = statement.value(at: 5) {
                    place = Position(order: place.order, detail: detail)
                }
                slice.end(try commit(at: sequence, connection), applied: place)
                continue
            }
            if isOwn { continue }
            earliest = min(earliest ?? time, time)
            if kind >= 0 { isMoving = try slice.append(statement, kind: kind, connection) }
            if slice.byteCount >= sliceLimit && !isMoving && sequence < end { return [slice.event(endingAt: nil)] }
        }
        guard cursor == end else {
            throw History.lost("rows \(cursor + 1) to \(end) of the source's log are gone", in: connection)
        }
        return [try finish(slice, at: end, connection)]
    }

    private mutating func finish(
        _ slice: SliceBuilder,
        at end: Int64,
        goesOn: Bool = false,
        _ connection: Connection
    ) throws -> StreamEvent {
        if !goesOn { batchEnd = nil }
        var slice = slice
        let commit = try commit(at: end, connection)
        if group != nil { slice.end(commit) }
        return slice.event(endingAt: commit)
    }

    private mutating func commit(at sequence: Int64, _ connection: Connection) throws -> Commit {
        lastEnd = try History.position(at: sequence, in: connection)
        defer { earliest = nil }
        return Commit(position: lastEnd, time: earliest.map { Timestamp(julianDay: $0) })
    }

    // MARK: Structure

    private mutating func structure(_ statement: Statement, _ connection: Connection) throws -> [StreamEvent] {
        guard
            let record = StructureRecord(
                word: statement.value(at: 3),
                shape: statement.value(at: 4),
                rest: statement.value(at: 5)
            )
        else { return [] }
        return try changes(record, connection).map { .schema($0) }
    }

    private mutating func changes(_ record: StructureRecord, _ connection: Connection) throws -> [SchemaChange] {
        switch record {
        case .created(let id):
            let schema = try shapes.shape(id, connection).schema
            guard selection.contains(schema.name) else { return [] }
            // The flow knows the table where it was left out of every selection for a while.
            let isKnown = tables.updateValue(schema, forKey: schema.name) != nil
            return isKnown
                ? [.invalidated(schema, reason: "the table was not captured for a while")] : [.created(schema)]
        case .altered(let id, let formerID):
            let former = try shapes.shape(formerID, connection).schema
            let schema = try shapes.shape(id, connection).schema
            guard tables[schema.name] != nil else { return [] }
            tables[schema.name] = schema
            return [.altered(from: former, to: schema)]
        case .dropped(let id):
            let name = try shapes.shape(id, connection).schema.name
            return tables.removeValue(forKey: name) == nil ? [] : [.dropped(name)]
        case .invalidated(let id, let reason):
            let schema = try shapes.shape(id, connection).schema
            guard tables[schema.name] != nil else { return [] }
            tables[schema.name] = schema
            return [.invalidated(schema, reason: reason)]
        }
    }
}

extension Timestamp {
    /// A moment from SQLite's day number (https://www.sqlite.org/lang_datefunc.html), whose clock has milliseconds.
    init(julianDay: Double) {
        let milliseconds = ((julianDay - 2_440_587.5) * 86_400_000).rounded()
        self.init(microseconds: Int64(exactly: milliseconds).map { $0 * 1000 } ?? 0)
    }
}
