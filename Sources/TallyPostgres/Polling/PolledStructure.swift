import TallyModel

/// The selected tables as polls know them: a structure that stays the same keeps its version.
struct PolledStructure {
    private let selection: TableSelection
    private var known: [TableName: PostgresTable] = [:]
    /// What the catalog's numbers were when it was read last.
    private var check = ""

    init(_ selection: TableSelection) {
        self.selection = selection
    }

    /// The tables, if they may have changed since the last call.
    mutating func tables(in connection: PostgresConnection) throws -> [PostgresTable]? {
        let row = try connection.query(
            "SELECT (\(StructureCheck.structure))::text, (\(StructureCheck.tables))",
            [.oids(known.values.map(\.oid))]
        )
        let now = "\(row.text(0, 0) ?? "") \(row.text(0, 1) ?? "")"
        guard now != check else { return nil }
        let isFirst = known.isEmpty
        let tables = try PostgresCatalog.read(in: connection, selecting: selection).tables.map(identified)
        known = Dictionary(tables.map { ($0.name, $0) }) { first, _ in first }
        // The number is one of the tables that were known before; that of the new ones comes with the next call.
        check = isFirst ? "" : now
        return tables
    }

    private func identified(_ table: PostgresTable) -> PostgresTable {
        guard let known = known[table.name], known.oid == table.oid, !Rewrite(from: known, to: table).isStructural
        else {
            return table
        }
        return known
    }
}
