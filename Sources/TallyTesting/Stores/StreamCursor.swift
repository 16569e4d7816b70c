import TallyModel

/// A session's place in the history of an in-memory source.
struct StreamCursor {
    /// The number of the next entry.
    var entry: Int
    /// How many of its changes have been handed over.
    var offset = 0
    /// What is handed over once more before that.
    var again: [StreamEvent] = []

    init(entry: Int) {
        self.entry = entry
    }
}

extension SourceHistory {
    /// The next part of the stream; `nil` when there is nothing new.
    mutating func event(at cursor: inout StreamCursor, for tables: TableSelection) throws -> StreamEvent? {
        if !cursor.again.isEmpty { return cursor.again.removeFirst() }
        guard cursor.entry >= firstEntry else {
            throw StoreError(.historyLost, "the history that the session was reading is gone")
        }
        var slice = SliceBuilder()
        while let entry = entry(cursor.entry) {
            switch entry.content {
            case .structure(let change):
                if slice.isBegun { return .slice(slice.finished) }
                cursor.entry += 1
                if tables.contains(change.table) { return .schema(change) }
            case .transaction(let changes, let time):
                while cursor.offset < changes.count {
                    if let limit = quirks.sliceLimit, slice.count >= limit { return .slice(slice.cut) }
                    let captured = changes[cursor.offset]
                    if tables.contains(captured.schema.name) { slice.add(captured) }
                    cursor.offset += 1
                }
                cursor.entry += 1
                cursor.offset = 0
                slice.end(Commit(position: position(entry.order), time: time))
                if quirks.sliceLimit == nil || dice.chance(50) { return .slice(slice.finished) }
            }
        }
        return slice.isBegun ? .slice(slice.finished) : nil
    }

    /// The last transactions before `number` that are still there, each as a slice, for a source that sends them again.
    mutating func transactions(before number: Int, for tables: TableSelection) -> [StreamEvent] {
        var events: [StreamEvent] = []
        var number = number - 1
        while events.count < 2, let entry = entry(number), case .transaction(let changes, let time) = entry.content {
            var slice = SliceBuilder()
            for captured in changes where tables.contains(captured.schema.name) { slice.add(captured) }
            slice.end(Commit(position: position(entry.order), time: time))
            events.insert(.slice(slice.finished), at: 0)
            number -= 1
        }
        return Array(events.suffix(dice.below(3)))
    }
}

/// A slice that is being filled.
private struct SliceBuilder {
    private var slice = Slice(tables: [], changes: [], end: nil, byteCount: 0)

    var count: Int { slice.changes.count }
    var isBegun: Bool { !slice.changes.isEmpty || slice.end != nil }
    var finished: Slice { slice }

    /// The slice as it is inside a transaction.
    var cut: Slice {
        var cut = slice
        cut.end = nil
        return cut
    }

    mutating func add(_ captured: CapturedChange) {
        let schema = captured.schema
        let known = slice.tables.firstIndex { $0.name == schema.name && $0.version == schema.version }
        if known == nil { slice.tables.append(schema) }
        var change = captured.change
        change.table = known ?? slice.tables.count - 1
        slice.changes.append(change)
        slice.byteCount += change.byteCount
    }

    mutating func end(_ commit: Commit) {
        slice.end = Commit(position: commit.position, time: slice.end?.time ?? commit.time)
    }
}
