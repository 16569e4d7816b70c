import TallyModel

/// Makes changes of the rows of one batch, each by the structure it was captured under.
struct LogRows {
    /// Where a row of the log comes from.
    struct Origin {
        var shape: Int
        var relation: UInt32
        var transaction: UInt64
        /// Whether it was written while another statement was at work.
        var isNested: Bool
    }

    private struct Layouts: Hashable {
        var shape: Int
        var relation: UInt32
        var count: Int
    }

    /// A row of which it is not known which of its captured states is the last.
    private struct Doubt {
        var layout: CapturedShapes.Layout
        /// The key as text, in key order.
        var key: [[UInt8]?]
        var values: Row
    }

    private let shapes: CapturedShapes
    private let given: ServerSnapshot
    private var readings: [Layouts: CapturedShapes.Reading] = [:]
    private var former = RecordText()
    private var image = RecordText()
    private var nested = NestedKeys()
    private var doubts: [Doubt] = []

    init(shapes: CapturedShapes, given: ServerSnapshot) {
        self.shapes = shapes
        self.given = given
    }

    var hasDoubts: Bool { !doubts.isEmpty }

    mutating func add(
        _ operation: LogOperation,
        _ origin: Origin,
        former formerBytes: UnsafeRawBufferPointer?,
        image imageBytes: UnsafeRawBufferPointer?,
        to builder: inout SliceBuilder
    ) throws {
        if let formerBytes { try former.parse(formerBytes) }
        if let imageBytes { try image.parse(imageBytes) }
        let count = imageBytes != nil ? image.count : formerBytes != nil ? former.count : nil
        guard case .layout(let layout) = try reading(origin, count: count) else { return }
        if operation != .truncate, origin.isNested || !nested.isEmpty {
            let hasFormer = formerBytes != nil
            let hasImage = imageBytes != nil
            if try isDoubtful(layout, origin, hasFormer: hasFormer, hasImage: hasImage) { return }
        }
        switch operation {
        case .insert: try builder.insert(image, layout)
        case .update: try builder.update(from: former, to: image, layout)
        case .delete: try builder.delete(former, layout)
        case .truncate: builder.truncate(layout)
        }
    }

    private mutating func reading(_ origin: Origin, count: Int?) throws -> CapturedShapes.Reading {
        let key = Layouts(shape: origin.shape, relation: origin.relation, count: count ?? -1)
        if let known = readings[key] { return known }
        let found = try shapes.reading(origin.shape, in: origin.relation, count: count, after: given)
        readings[key] = found
        return found
    }

    // MARK: Doubts

    private mutating func isDoubtful(
        _ layout: CapturedShapes.Layout,
        _ origin: Origin,
        hasFormer: Bool,
        hasImage: Bool
    ) throws -> Bool {
        let records = (hasFormer ? [former] : []) + (hasImage ? [image] : [])
        let hashes = records.map { hash($0, layout, origin) }
        if origin.isNested {
            // Nested in a nested statement, it may itself be the older.
            let isKnown = hashes.contains(where: nested.mayContain)
            for hash in hashes { nested.insert(hash) }
            guard isKnown else { return false }
        } else if !hashes.contains(where: nested.mayContain) {
            return false
        }
        for record in records {
            let key = layout.key.map { record.withField($0) { $0.map { Array($0) } } }
            let values = Row(
                try zip(layout.schema.key, layout.key).map { try record.value($1, of: layout.columns[$0]) }
            )
            doubts.append(Doubt(layout: layout, key: key, values: values))
        }
        return true
    }

    private func hash(_ record: RecordText, _ layout: CapturedShapes.Layout, _ origin: Origin) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(origin.transaction)
        hasher.combine(layout.schema.name)
        for field in layout.key {
            record.withField(field) { bytes in
                hasher.combine(bytes?.count ?? -1)
                if let bytes { hasher.combine(bytes: bytes) }
            }
        }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// Settles one doubt: what the batch's snapshot holds under the key is what the row is in the end.
    mutating func resolveDoubts(in connection: PostgresConnection, into builder: inout SliceBuilder) throws {
        guard let doubt = doubts.popLast() else { return }
        guard let table = shapes.latest(doubt.layout.schema.name) else { return }
        guard let layout = CapturedShapes.Layout(table, numbers: table.table.columns.map(\.number)) else { return }
        let found = try connection.query(
            RowQuery(table.table).oneRow,
            doubt.key.map { Parameter(bytes: $0, isBinary: false) }
        )
        guard found.rowCount > 0 else { return builder.delete(key: doubt.values, doubt.layout) }
        var record = RecordText()
        try found.withBytes(0, 0) { try record.parse($0) }
        try builder.assert(record, layout)
    }
}
