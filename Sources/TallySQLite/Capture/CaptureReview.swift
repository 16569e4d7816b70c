import SQLite
import TallyModel

/// Brings what is captured in line with the tables that the file has and the flows want.
///
/// Runs inside one write transaction, whenever the file's schema version is not the one that was handled last. Until
/// it has run no row that was captured since is delivered to anyone: the triggers may have been wrong for their tables
/// by then. It records what changed in the log, makes the triggers that fit, and logs again what wrong ones wrote.
struct CaptureReview {
    private let connection: Connection
    /// Rows of the log up to here were written by triggers that fitted their tables.
    private let soundUntil: Int64
    private let tables: [TableName: TableSchema]
    private let flows: [Consumers.Entry]
    private let rewriting: RowRewriting
    private let installed: InstalledTriggers
    private let shapes: [Shape]
    /// Whether anybody but Tally changed the file's structure since the last review.
    private let isStructureChanged: Bool

    /// - Parameter soundUntil: The last row that a reader saw under the schema version that was handled last.
    static func run(soundUntil: Int64, in connection: Connection) throws {
        let review = try CaptureReview(soundUntil: soundUntil, in: connection)
        try review.run()
        try CaptureTables.setHandledSchemaVersion(in: connection)
    }

    private init(soundUntil: Int64, in connection: Connection) throws {
        self.connection = connection
        tables = Dictionary(uniqueKeysWithValues: try Catalog.tables(in: connection).map { ($0.name, $0) })
        flows = try Consumers.all(in: connection)
        // What a flow has acknowledged was delivered, and only sound rows are.
        self.soundUntil = flows.reduce(soundUntil) { max($0, $1.acknowledged) }
        rewriting = try RowRewriting(in: connection)
        installed = try InstalledTriggers(in: connection)
        shapes = try ShapeStore.all(in: connection)
        let handled = try CaptureTables.handledSchemaVersion(in: connection)
        isStructureChanged = try handled != nil && handled != CaptureTables.schemaVersion(in: connection)
    }

    private func run() throws {
        var captured: Set<TableName> = []
        for shape in shapes where shape.until == nil {
            if !isWanted(shape.schema.name) {
                try end(shape, at: History.lastSequence(in: connection) + 1)
            } else if try review(shape) {
                captured.insert(shape.schema.name)
            }
        }
        let beginning = tables.values.sorted { $0.name < $1.name }.filter {
            isWanted($0.name) && !captured.contains($0.name)
        }
        // Once, and before there are triggers that SQLite reads again for it.
        let widest = beginning.map { ($0, identified($0).nextSlot) }.max { $0.1 < $1.1 }
        if let (table, slots) = widest { try CaptureTables.widen(to: slots, for: table.name, in: connection) }
        for table in beginning { try begin(table) }
    }

    private func isWanted(_ table: TableName) -> Bool {
        flows.contains { $0.selection.contains(table) }
    }

    // MARK: Tables that come and go

    /// A table to be captured, with the columns that it may have had when it was before.
    private func identified(_ table: TableSchema) -> (schema: TableSchema, nextSlot: Int) {
        let former = shapes.last { $0.schema.name == table.name }
        return ColumnIdentity.assign(to: table, former: former, presentNames: nil)
    }

    private func begin(_ table: TableSchema) throws {
        let (schema, nextSlot) = identified(table)
        let indexes = try Catalog.uniqueIndexes(of: table.name.name, in: connection)
        let id = try ShapeStore.nextID(in: connection)
        let shape = Shape(
            id: id,
            schema: schema,
            since: try StructureRecord.created(shape: id).append(in: connection),
            nextSlot: nextSlot,
            uniqueIndexes: indexes.map(\.signature)
        )
        try ShapeStore.save(shape, in: connection)
        try script(for: shape, indexes).install(in: connection)
    }

    private func end(_ shape: Shape, at sequence: Int64) throws {
        try installed.drop(of: shape.id, in: connection)
        var ended = shape
        ended.until = sequence
        try ShapeStore.save(ended, in: connection)
    }

    // MARK: Tables that stay

    /// - Returns: Whether the table is still there under its name.
    private func review(_ shape: Shape) throws -> Bool {
        let name = shape.schema.name
        let triggers = installed.triggers(of: shape.id)
        guard let table = tables[name], triggers.allSatisfy({ $0.table == name.name }) else {
            try end(shape, at: StructureRecord.dropped(shape: shape.id).append(in: connection))
            return false
        }
        let presentNames = Self.presentNames(of: shape, triggers)
        let (schema, nextSlot) = ColumnIdentity.assign(to: table, former: shape, presentNames: presentNames)
        let indexes = try Catalog.uniqueIndexes(of: name.name, in: connection)
        let isAltered = schema.columns != shape.schema.columns || schema.key != shape.schema.key
        let next = Shape(
            id: isAltered ? try ShapeStore.nextID(in: connection) : shape.id,
            schema: schema,
            since: shape.since,
            nextSlot: nextSlot,
            uniqueIndexes: indexes.map(\.signature)
        )
        let script = script(for: next, indexes)
        let fits = presentNames != nil && Set(script.triggers.map(\.sql)) == Set(triggers.map(\.sql))

        let reason = try invalidation(from: shape, to: next, isCaptureWhole: presentNames != nil)
        // A table that was made anew is announced once, as it is now; there is no way from its old columns to these.
        let isAnnounced = presentNames == nil && isAltered
        if fits {
            if next != shape { try ShapeStore.save(next, in: connection) }
        } else {
            try replace(shape, by: next, script, invalidated: isAnnounced ? reason : nil)
        }
        if let reason, !isAnnounced {
            try StructureRecord.invalidated(shape: next.id, reason: reason).append(in: connection)
        } else if reason == nil, !fits || isStructureChanged && script.reading == .given {
            try CaptureRepair(former: shape, shape: next, after: soundUntil, isOfRepeatedOnly: fits).run(in: connection)
        }
        return true
    }

    private func replace(
        _ shape: Shape,
        by next: Shape,
        _ script: TriggerScript,
        invalidated reason: String?
    ) throws {
        try installed.drop(of: shape.id, in: connection)
        var next = next
        if next.id != shape.id {
            try CaptureTables.widen(to: next.nextSlot, for: next.schema.name, in: connection)
            let record: StructureRecord =
                if let reason {
                    .invalidated(shape: next.id, reason: reason)
                } else {
                    .altered(shape: next.id, former: shape.id)
                }
            next.since = try record.append(in: connection)
            var ended = shape
            ended.until = next.since
            try ShapeStore.save(ended, in: connection)
        }
        try ShapeStore.save(next, in: connection)
        try script.install(in: connection)
    }

    /// Why the table has to be loaded anew; `nil` when all that changed in it was captured or can be captured again.
    private func invalidation(from shape: Shape, to next: Shape, isCaptureWhole: Bool) throws -> String? {
        guard isCaptureWhole else {
            return "the table or its triggers were made anew, so changes may have gone unseen"
        }
        if next.schema.keyColumns.map(\.id) != shape.schema.keyColumns.map(\.id) {
            return "the key of the table is another one"
        }
        if isStructureChanged, next.schema.hasImplicitKey, try !hasIndex(next.schema.name) {
            return "the table has no key and no index, so VACUUM may have numbered its rows anew"
        }
        let isRenamed = next.schema.columns.map(\.name) != shape.schema.columns.map(\.name)
        let hasNewIndex = next.uniqueIndexes.contains { index in
            !shape.uniqueIndexes.contains { isRenamed ? $0.isSameIndex(as: index) : $0 == index }
        }
        if hasNewIndex, try CaptureRepair(former: shape, shape: next, after: soundUntil).isNeeded(in: connection) {
            return "a unique index was added while rows were written, so REPLACE may have removed rows unseen"
        }
        return nil
    }

    private func hasIndex(_ table: TableName) throws -> Bool {
        try connection.first(
            "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?",
            .text(table.name)
        ) != nil
    }

    private func script(for shape: Shape, _ indexes: [UniqueIndex]) -> TriggerScript {
        TriggerScript(
            shape: shape.id,
            schema: shape.schema,
            uniqueIndexes: indexes,
            reading: rewriting.reading(of: shape.schema.name.name)
        )
    }

    /// What the shape's columns are called now; `nil` when its triggers are not all there.
    private static func presentNames(of shape: Shape, _ triggers: [InstalledTriggers.Trigger]) -> [String]? {
        var needed = ["insert", "update", "delete"]
        if !shape.uniqueIndexes.isEmpty { needed += ["before_insert", "before_update"] }
        let prefix = TriggerScript.prefix(of: shape.id)
        let names = Set(triggers.map(\.name))
        guard needed.allSatisfy({ names.contains(prefix + $0) }),
            let insert = triggers.first(where: { $0.name == prefix + "insert" })
        else { return nil }
        let columns = TriggerText.columnNames(inInsertTrigger: insert.sql)
        return columns.count == shape.schema.columns.count ? columns : nil
    }
}

extension String {
    /// Whether two signatures are of one index, whatever its columns are called.
    fileprivate func isSameIndex(as other: String) -> Bool {
        prefix { $0 != "\n" } == other.prefix { $0 != "\n" }
    }
}

extension UniqueIndex {
    /// The index in words: its name on the first line, then what it is unique in.
    var signature: String {
        let parts = terms.map { "\($0.kind) \($0.collation ?? "")" } + [condition ?? ""]
        return "\(name)\n" + parts.joined(separator: "\n")
    }
}
