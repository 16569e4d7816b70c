/// The statements that read the server's catalog (https://www.postgresql.org/docs/current/catalogs.html).
enum CatalogQueries {
    static let position = """
        SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END
            - '0/0')::int8
        """

    /// A partitioned table is as large as its partitions together. `reltuples` of a table that was never analyzed is
    /// -1, and 0 before version 14.
    static let relations = """
        SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relreplident,
            CASE WHEN size.rows < 0 OR (size.rows = 0 AND size.pages = 0) THEN NULL ELSE size.rows::int8 END, size.pages
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL (
            SELECT c.reltuples::float8 AS rows, c.relpages::int8 AS pages WHERE c.relkind = 'r'
            UNION ALL
            SELECT CASE WHEN min(p.reltuples) < 0 THEN -1 ELSE sum(p.reltuples)::float8 END, sum(p.relpages)::int8
            FROM pg_partition_tree(CASE c.relkind WHEN 'p' THEN c.oid END) t JOIN pg_class p ON p.oid = t.relid
            WHERE c.relkind = 'p' AND t.isleaf HAVING c.relkind = 'p'
        ) AS size
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
            AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'tally')
            AND NOT EXISTS (
                SELECT FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
            )
        """

    /// The database's default collation is named where it is that of bytes, which other kinds of store know too.
    static let columns = """
        SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod),
            a.attnotnull, CASE
                WHEN a.attidentity <> '' THEN format('nextval(%L::regclass)', (
                    SELECT s.objid::regclass FROM pg_depend s
                    WHERE s.classid = 'pg_class'::regclass AND s.refclassid = 'pg_class'::regclass
                        AND s.refobjid = a.attrelid AND s.refobjsubid = a.attnum AND s.deptype = 'i' LIMIT 1
                ))
                WHEN a.attgenerated = '' THEN COALESCE(pg_get_expr(d.adbin, d.adrelid), t.typdefault)
            END,
            CASE WHEN a.attcollation NOT IN (0, 100) THEN (
                SELECT CASE WHEN cn.nspname = 'pg_catalog' THEN '' ELSE quote_ident(cn.nspname) || '.' END
                    || quote_ident(co.collname)
                FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation
            ) WHEN a.attcollation = 100 AND bytewise.is_default THEN '"C"'
            END, a.attgenerated, a.attisdropped
        FROM pg_attribute a LEFT JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        CROSS JOIN (
            SELECT COALESCE(to_jsonb(db) ->> 'datlocprovider', 'c') <> 'i'
                AND datcollate IN ('C', 'POSIX', 'C.UTF-8', 'C.utf8') AS is_default
            FROM pg_database db WHERE datname = current_database()
        ) AS bytewise
        WHERE a.attrelid = ANY($1) AND a.attnum > 0
        ORDER BY a.attrelid, a.attnum
        """

    static let indexes = """
        SELECT i.indrelid, c.relname, i.indisprimary, i.indisunique, i.indisexclusion, i.indisreplident,
            i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL, i.indnkeyatts, i.indkey
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = ANY($1) AND i.indislive AND (i.indisunique OR i.indisexclusion)
        """

    /// The types, with those that they are made of.
    static let types = """
        WITH RECURSIVE wanted(oid) AS (
            SELECT unnest($1)
            UNION
            SELECT part FROM wanted w JOIN pg_type t ON t.oid = w.oid
            CROSS JOIN LATERAL (VALUES (t.typbasetype), (t.typelem)) AS parts(part) WHERE part <> 0
        )
        SELECT t.oid, n.nspname || '.' || t.typname, t.typtype, t.typcategory, t.typbasetype, t.typelem, t.typarray,
            t.typlen, t.typdelim
        FROM wanted w JOIN pg_type t ON t.oid = w.oid JOIN pg_namespace n ON n.oid = t.typnamespace
        """
}
