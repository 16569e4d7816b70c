import SQLite
import Synchronization
import TallyModel

/// The selected tables as snapshots of the file have them, with column ids and versions that last.
///
/// Nothing in the file says that a column was renamed, so a column is its name: a renamed one is another column. Versions
/// are those of the file's schema, which grows with every change of any table. Safe to share between threads.
final class PolledStructure: Sendable {
    private let selection: TableSelection
    /// The structures each table was seen with, oldest first. Two readers may look at snapshots of different age, so
    /// the last one is not always the right one.
    private let known = Mutex<[TableName: [TableSchema]]>([:])

    init(_ selection: TableSelection) {
        self.selection = selection
    }

    /// Reads the tables of the connection's snapshot.
    func tables(in connection: Connection) throws -> (version: Int64, tables: [TableSchema]) {
        let version = try Self.version(in: connection)
        let found = try Catalog.tables(in: connection).filter { selection.contains($0.name) }
        return (version, known.withLock { known in found.map { Self.identified($0, at: Int(version), in: &known) } })
    }

    /// Reads one table of the connection's snapshot, selected or not.
    func table(_ name: TableName, in connection: Connection) throws -> TableSchema {
        let version = try Self.version(in: connection)
        let current = known.withLock { $0[name]?.last }
        if let current, current.version == Int(version) { return current }
        guard let found = try Catalog.table(name.name, in: connection) else {
            throw StoreError(.missingTable, "the source has no table \(name) any more", table: name)
        }
        return known.withLock { known in Self.identified(found, at: Int(version), in: &known) }
    }

    static func version(in connection: Connection) throws -> Int64 {
        guard case .integer(let version)? = try connection.first("PRAGMA schema_version")?.first else { return 0 }
        return version
    }

    private static func identified(
        _ table: TableSchema,
        at version: Int,
        in known: inout [TableName: [TableSchema]]
    ) -> TableSchema {
        var table = table
        for index in table.columns.indices { table.columns[index].id = id(of: table.columns[index].name) }
        var structures = known[table.name] ?? []
        if let current = structures.last(where: { $0.version <= version }) {
            table.version = current.version
            if table == current { return current }
        }
        table.version = version
        structures.append(table)
        structures.sort { $0.version < $1.version }
        known[table.name] = structures
        return table
    }

    /// The same number for the same name, whatever its case, for ever; small enough for JSON's numbers.
    private static func id(of column: String) -> Int {
        var hash = StableHash()
        hash.combine(column.utf8.map { (0x41...0x5a).contains($0) ? $0 + 0x20 : $0 })
        return Int(hash.value >> 11)
    }
}

extension TableSchema {
    /// A text that changes when rows of the table may hold other values than before, seen from outside.
    var shape: String {
        var hash = StableHash()
        for column in columns {
            hash.combine(column.id)
            hash.combine(column.declaredType.utf8)
            hash.combine((column.collation ?? "").utf8)
            hash.combine(column.isGenerated ? 1 : 0)
        }
        for place in key { hash.combine(columns[place].id) }
        return String(hash.value, radix: 16)
    }

    /// Whether rows can hold what a change of structure brought and no write of a row announced.
    func needsLoad(after former: TableSchema) -> Bool {
        let formerColumns = Dictionary(uniqueKeysWithValues: former.columns.map { ($0.id, $0) })
        let isFamiliar = columns.allSatisfy { column in
            guard let former = formerColumns[column.id] else { return false }
            return former.declaredType == column.declaredType && former.collation == column.collation
                && former.isGenerated == column.isGenerated
        }
        return !isFamiliar || keyColumns.map(\.id) != former.keyColumns.map(\.id)
    }
}
