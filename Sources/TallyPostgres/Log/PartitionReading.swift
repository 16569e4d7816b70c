import TallyModel

/// Reads what partitions tables have: the log says nothing of those that are attached, detached, dropped, or truncated
/// by their own name.
///
/// To be read after the tables themselves and never before: what it shows more than they do is seen again.
struct PartitionReading {
    let connection: PostgresConnection

    /// The file of a partition is another one after `TRUNCATE`, and after `VACUUM FULL`, `CLUSTER` and the like, which
    /// nothing tells from it. The size is not asked where that would wait for somebody's lock. From `pg_inherits`, and
    /// so with partitions whose concurrent detachment is not finished: until then their rows are in the log.
    private static let query = """
        WITH RECURSIVE tree(root, relation) AS (
            SELECT root, root FROM unnest($1) AS root
            UNION ALL
            SELECT t.root, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.relation
        )
        SELECT t.root, c.oid || ':' || c.relfilenode, CASE
            WHEN c.relkind <> 'r' THEN true
            WHEN c.oid IN (SELECT relation FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation IS NOT NULL)
                THEN true
            ELSE COALESCE(pg_relation_size(c.oid), 0) > 0
        END
        FROM tree t JOIN pg_class c ON c.oid = t.relation WHERE c.relkind <> 'p'
        """

    /// Notes the partitions in the tables that have any.
    func note(in tables: [PostgresTable]) throws -> [PostgresTable] {
        let roots = tables.filter(\.isPartitioned).map(\.oid)
        guard !roots.isEmpty else { return tables }
        let found = try connection.query(Self.query, [.oids(roots)])
        var partitions: [UInt32: [String: Bool]] = [:]
        for row in 0..<found.rowCount {
            partitions[found.oid(row, 0), default: [:]][found.text(row, 1) ?? ""] = found.flag(row, 2)
        }
        return tables.map { table in
            guard table.isPartitioned else { return table }
            var table = table
            table.schema.partitions = Partitions(partitions[table.oid] ?? [:])
            return table
        }
    }
}
