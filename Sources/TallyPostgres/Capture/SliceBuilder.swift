import TallyModel

/// Turns rows of the log into the changes of one slice.
struct SliceBuilder {
    private var tables: [TableSchema] = []
    private var changes: [Change] = []
    private(set) var byteCount = 0
    private var places: [ObjectIdentifier: Int] = [:]
    private var last: (layout: CapturedShapes.Layout, place: Int)?

    var isEmpty: Bool { changes.isEmpty }

    mutating func insert(_ record: RecordText, _ layout: CapturedShapes.Layout) throws {
        add(Change(.insert, table: place(of: layout), row: try row(record, layout)))
    }

    mutating func update(from former: RecordText, to record: RecordText, _ layout: CapturedShapes.Layout) throws {
        var change = Change(.update, table: place(of: layout), row: try row(record, layout))
        if !former.hasSameFields(layout.key, as: record) {
            change.formerKey = try key(former, layout).picking(layout.schema.key)
        }
        add(change)
    }

    /// A row as it is, wherever it came from.
    mutating func assert(_ record: RecordText, _ layout: CapturedShapes.Layout) throws {
        add(Change(.update, table: place(of: layout), row: try row(record, layout)))
    }

    mutating func delete(_ record: RecordText, _ layout: CapturedShapes.Layout) throws {
        add(Change(.delete, table: place(of: layout), row: try key(record, layout)))
    }

    mutating func delete(key: Row, _ layout: CapturedShapes.Layout) {
        var row = Row([Value?](repeating: nil, count: layout.columns.count))
        for (place, column) in layout.schema.key.enumerated() { row[column] = key[place] }
        add(Change(.delete, table: place(of: layout), row: row))
    }

    mutating func truncate(_ layout: CapturedShapes.Layout) {
        let nothing = Row([Value?](repeating: nil, count: layout.columns.count))
        add(Change(.truncate, table: place(of: layout), row: nothing))
    }

    func slice(endingAt end: Commit?) -> Slice {
        Slice(tables: tables, changes: changes, end: end, byteCount: byteCount)
    }

    private mutating func add(_ change: Change) {
        byteCount += change.byteCount
        changes.append(change)
    }

    private mutating func place(of layout: CapturedShapes.Layout) -> Int {
        if let last, last.layout === layout { return last.place }
        let id = ObjectIdentifier(layout)
        // Several layouts may make rows of one structure: a slice has it once.
        let place =
            places[id] ?? tables.firstIndex { $0.name == layout.schema.name && $0.version == layout.schema.version }
            ?? tables.count
        places[id] = place
        if place == tables.count { tables.append(layout.schema) }
        last = (layout, place)
        return place
    }

    private func row(_ record: RecordText, _ layout: CapturedShapes.Layout) throws -> Row {
        Row(
            try zip(layout.fields, layout.columns).map { field, column in
                try field.map { try record.value($0, of: column) }
            }
        )
    }

    private func key(_ record: RecordText, _ layout: CapturedShapes.Layout) throws -> Row {
        var row = Row([Value?](repeating: nil, count: layout.columns.count))
        for (column, field) in zip(layout.schema.key, layout.key) {
            row[column] = try record.value(field, of: layout.columns[column])
        }
        return row
    }
}

extension RecordText {
    func hasSameFields(_ fields: [Int], as other: RecordText) -> Bool {
        fields.allSatisfy { field in
            withField(field) { own in
                other.withField(field) { theirs in
                    switch (own, theirs) {
                    case (nil, nil): true
                    case (let own?, let theirs?): own.elementsEqual(theirs)
                    default: false
                    }
                }
            }
        }
    }
}
