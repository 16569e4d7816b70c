package import TallyModel

/// Tells what structure the rows of a log have: joins the log's descriptions of tables, which come in their place but
/// without the numbers of columns, with reads of the catalog, which know the numbers but only the present.
///
/// The catalog runs ahead of the log. So a structure that only the log has is taken to be older than the catalog's:
/// its columns are matched to those of today (``ColumnAlignment``), and its version is below the current one. New
/// structures become ``SchemaChange``s as soon as the catalog shows them, ahead of the rows that have them, and rows of
/// older structures may still follow.
///
/// How a reader of the log uses it:
///
/// 1. `catalog(_:at:)` with the captured tables before the stream begins. What it returns then is for nobody: the tables
///    are the session's.
/// 2. `relation(_:at:)` for every Relation message. After ``Outcome/needsCatalog``, read the catalog again
///    (`PostgresCatalog.read(in:selecting:detail:settling:)`, settling the message's table), give it to `catalog(_:at:)`, and ask again.
/// 3. `catalog(_:at:)` also every few seconds. The changes it returns go into the stream before the next rows that are
///    handed over, between two transactions: before the transaction that is being read, where none of it has been
///    handed over yet. Where part of it has, they go behind it, passed through ``late(_:)``. Afterwards, ask again with the
///    last message of every relation: what was ignored may be captured now.
/// 4. `passed(_:)` with the end of each transaction, and with what keepalives say.
package struct StructureTracker: Sendable {
    package enum Outcome: Sendable, Hashable {
        /// Rows that follow have this structure. The table's name is the one it has today.
        case structure(PostgresTable)
        /// The catalog as known does not explain the description.
        case needsCatalog
        /// Rows that follow are to be passed over: the table is not captured, or is gone by now, or it is loaded anew
        /// later because they cannot be told apart by today's key.
        case ignored
    }

    private struct Known {
        var table: PostgresTable
        /// Where the server's log ended when the catalog first showed this structure.
        var seenAt: UInt64
        /// Structures before the current one, by how the log describes them; `nil` for those whose rows are ignored.
        var older: [[RelationDescription.Column]: PostgresTable?] = [:]
        /// A description that was not explained; if the next catalog does not either, it is an older structure.
        var unexplained: [RelationDescription.Column]?
    }

    private var known: [UInt32: Known] = [:]
    /// What the log's types are called and how their values look, from all catalogs so far.
    private var types: [UInt32: (name: String, shape: ValueShape, arrayType: UInt32)] = [:]
    /// Tables that need a load when the stream has passed a position.
    private var pending: [UInt32: (at: UInt64, reason: String)] = [:]
    /// Where the server's log ended at the latest read of the catalog.
    private var readAt: UInt64 = 0

    package init() {}

    /// The captured tables as the catalog last showed them, in the order of their names.
    package var tables: [PostgresTable] { known.values.map(\.table).sorted { $0.name < $1.name } }

    package func table(_ oid: UInt32) -> PostgresTable? { known[oid]?.table }

    // MARK: The log

    /// Says what structure the rows after a description have.
    ///
    /// - Parameter lsn: Where in the log the description, or the end of its transaction, stands.
    package mutating func relation(_ message: RelationDescription, at lsn: UInt64) -> Outcome {
        guard var entry = known[message.oid] else { return .ignored }
        defer { known[message.oid] = entry }
        let columns = message.columns.map(\.withoutIdentity)
        if columns == entry.table.columns.map(\.described) {
            entry.unexplained = nil
            return .structure(entry.table)
        }
        if let older = entry.older[columns] { return older.map(Outcome.structure) ?? .ignored }
        guard entry.unexplained == columns else {
            entry.unexplained = columns
            return .needsCatalog
        }
        entry.unexplained = nil
        let alignment = ColumnAlignment(of: message.columns, to: entry.table)
        let older = structure(of: message, alignment.numbers, before: entry, at: lsn)
        entry.older[columns] = .some(older)
        let due: String? =
            if let older {
                alignment.isGuess
                    ? "columns were dropped, added or renamed, and the log does not show which"
                    : Rewrite(from: older, to: entry.table).changedTypes
            } else {
                "its key or columns changed in a way that rows logged before do not fit"
            }
        if let due { schedule(due, for: message.oid, at: entry.seenAt) }
        return older.map(Outcome.structure) ?? .ignored
    }

    /// The structure that a description speaks of, in terms of the current one.
    private func structure(
        of message: RelationDescription,
        _ numbers: [Int16]?,
        before entry: Known,
        at lsn: UInt64
    ) -> PostgresTable? {
        guard let numbers else { return nil }
        let current = Dictionary(
            uniqueKeysWithValues: zip(entry.table.columns, entry.table.schema.columns).map { ($0.number, ($0, $1)) }
        )
        var table = entry.table
        table.columns = zip(message.columns, numbers).map { column, number in
            let type = types[column.type]
            let same = current[number].flatMap { $0.0.type == column.type ? $0.0 : nil }
            return PostgresColumn(
                name: column.name,
                number: number,
                type: column.type,
                typeModifier: column.typeModifier,
                typeName: same.map(\.typeName) ?? type?.name ?? "",
                shape: type?.shape ?? .text,
                arrayType: type?.arrayType ?? 0
            )
        }
        table.schema.columns = table.columns.map { column in
            let today = current[column.number]?.1
            return Column(
                id: Int(column.number),
                name: column.name,
                declaredType: column.typeName,
                isNullable: today?.isNullable ?? true,
                collation: today?.collation
            )
        }
        let key = entry.table.schema.keyColumns.map { column in numbers.firstIndex { Int($0) == column.id } }
        guard key.allSatisfy({ $0 != nil }) else { return nil }
        table.schema.key = key.compactMap { $0 }
        let taken = Set(entry.older.values.compactMap { $0?.schema.version })
        table.schema.version = min(Int(clamping: lsn), entry.table.schema.version - 1)
        while taken.contains(table.schema.version) { table.schema.version -= 1 }
        return table
    }

    // MARK: The catalog

    /// Takes in what the catalog shows.
    ///
    /// - Parameters:
    ///   - tables: All captured tables; one that is not among them any more counts as dropped.
    ///   - lsn: Where the server's log ended when the catalog was read. A read that is older than one before it says
    ///     nothing.
    /// - Returns: What has changed, in the order in which it is to be told.
    package mutating func catalog(_ tables: [PostgresTable], at lsn: UInt64) -> [SchemaChange] {
        guard lsn >= readAt else { return [] }
        readAt = lsn
        for column in tables.flatMap(\.columns) {
            types[column.type] = (column.typeName, column.shape, column.arrayType)
        }
        let present = Set(tables.map(\.oid))
        let names = Set(tables.map(\.name))
        let gone = known.values.filter { !present.contains($0.table.oid) }.map(\.table)
        // A table that was made anew under its name, or one that came to have another's, is not dropped.
        let formerOwners = Dictionary(known.values.map { ($0.table.name, $0.table.oid) }, uniquingKeysWith: { $1 })
        var changes: [SchemaChange] = []
        for table in gone { known[table.oid] = nil }
        let left = formerOwners.keys.filter { !names.contains($0) }.sorted()
        changes += left.map { .dropped($0) }
        for table in tables.sorted(by: { $0.name < $1.name }) {
            changes += take(table, at: lsn, formerOwner: formerOwners[table.name])
        }
        pending = pending.filter { known[$0.key] != nil }
        return changes
    }

    private mutating func take(_ table: PostgresTable, at lsn: UInt64, formerOwner: UInt32?) -> [SchemaChange] {
        guard var entry = known[table.oid], entry.table.name == table.name else {
            // New, or under another name: what was logged of it before is told apart by oid all the same.
            var entry = Known(table: table, seenAt: lsn)
            if let former = known[table.oid] { entry.older = renamed(former, to: table) }
            known[table.oid] = entry
            guard let formerOwner, formerOwner != table.oid else { return [.created(table.schema)] }
            return [.invalidated(table.schema, reason: "another table has taken its name")]
        }
        let rewrite = Rewrite(from: entry.table, to: table)
        guard rewrite.isStructural || !table.hasPartitions(of: entry.table) else {
            // Statistics and the like: the schema stays as it was told.
            let schema = entry.table.schema
            entry.table = table
            entry.table.schema = schema
            known[table.oid] = entry
            return []
        }
        let former = entry.table
        entry.older[former.columns.map(\.described)] = .some(former)
        // The log's descriptions have no numbers: the same words may now mean other columns.
        entry.older[table.columns.map(\.described)] = nil
        entry.table = table
        entry.table.schema.version = max(table.schema.version, former.schema.version + 1)
        entry.seenAt = lsn
        entry.unexplained = nil
        if Set(former.schema.keyColumns.map(\.id)) != Set(table.schema.keyColumns.map(\.id)) {
            entry.older = entry.older.mapValues { _ in nil }
            schedule("its key changed", for: table.oid, at: lsn)
        }
        known[table.oid] = entry
        if let reason = rewrite.changedTypes { schedule(reason, for: table.oid, at: lsn) }
        return [.altered(from: former.schema, to: entry.table.schema)]
    }

    private func renamed(_ former: Known, to table: PostgresTable) -> [[RelationDescription.Column]: PostgresTable?] {
        var older = former.older
        older[former.table.columns.map(\.described)] = .some(former.table)
        older[table.columns.map(\.described)] = nil
        return older.mapValues { structure in
            guard var structure else { return nil }
            structure.schema.name = table.schema.name
            return structure
        }
    }

    // MARK: What waits

    private mutating func schedule(_ reason: String, for oid: UInt32, at lsn: UInt64) {
        pending[oid] = (max(lsn, pending[oid]?.at ?? 0), reason)
    }

    /// The position whose passing makes ``passed(_:)`` return something; `nil` when nothing waits.
    package var nextDue: UInt64? { pending.values.map(\.at).min() }

    /// Says which tables have to be loaded again now that everything up to a position was handed over: rows of theirs
    /// were rewritten by a change of structure in a way that the log does not show, and rows from before it that came
    /// after a load would undo the load.
    package mutating func passed(_ lsn: UInt64) -> [SchemaChange] {
        guard let nextDue, nextDue <= lsn else { return [] }
        let due = pending.filter { $0.value.at <= lsn }
        for oid in due.keys { pending[oid] = nil }
        return due.compactMap { oid, wish in
            known[oid].map { SchemaChange.invalidated($0.table.schema, reason: wish.reason) }
        }.sorted { $0.table < $1.table }
    }

    /// Changes that could not be told before the transaction whose rows depend on them: the tables need a load, because
    /// values for new columns may have been passed over.
    package static func late(_ changes: [SchemaChange]) -> [SchemaChange] {
        changes.flatMap { change -> [SchemaChange] in
            guard case .altered(let former, let schema) = change else { return [change] }
            // Partitions alone: the rows at hand are what they would have been.
            if former.columns == schema.columns, former.key == schema.key { return [change] }
            let reason = "its structure changed within a transaction that was already being applied"
            return [change, .invalidated(schema, reason: reason)]
        }
    }
}

extension RelationDescription.Column {
    /// The replica identity is no part of a structure: it is known from the catalog.
    fileprivate var withoutIdentity: Self {
        var column = self
        column.isIdentity = false
        return column
    }
}

extension PostgresTable {
    /// Whether the partitions are the same ones, as far as is known.
    fileprivate func hasPartitions(of former: PostgresTable) -> Bool {
        guard let partitions = schema.partitions, let theirs = former.schema.partitions else { return true }
        return partitions.isSame(as: theirs)
    }
}

extension PostgresColumn {
    /// The column as the log describes it.
    fileprivate var described: RelationDescription.Column {
        RelationDescription.Column(isIdentity: false, name: name, type: type, typeModifier: typeModifier)
    }
}
