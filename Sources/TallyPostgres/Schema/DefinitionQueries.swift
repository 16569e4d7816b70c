/// The statements that read what it takes to make tables elsewhere. They are run without a search path, so that the
/// server qualifies the names it writes.
enum DefinitionQueries {
    /// What a generated column is computed from is noted with the column before version 15, and with its expression since.
    static let columns = """
        SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid),
            CASE WHEN a.attcollation <> t.typcollation THEN (
                SELECT format('%I.%I', cn.nspname, co.collname)
                FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation
            ) END,
            a.attgenerated, a.attidentity,
            CASE WHEN a.attgenerated <> '' THEN ARRAY(
                SELECT DISTINCT u.refobjsubid FROM pg_depend u
                WHERE u.refclassid = 'pg_class'::regclass AND u.refobjid = a.attrelid AND u.refobjsubid > 0
                    AND u.refobjsubid <> a.attnum
                    AND ((u.classid = 'pg_class'::regclass AND u.objid = a.attrelid AND u.objsubid = a.attnum)
                        OR (u.classid = 'pg_attrdef'::regclass AND u.objid = d.oid))
                ORDER BY 1
            ) END,
            n.nspname, c.relname
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attrelid, a.attnum
        """

    static let constraints = """
        SELECT k.conrelid, k.conname, k.contype, pg_get_constraintdef(k.oid), ARRAY(
                SELECT DISTINCT u.refobjsubid FROM pg_depend u
                WHERE u.refclassid = 'pg_class'::regclass AND u.refobjid = k.conrelid AND u.refobjsubid > 0
                    AND ((u.classid = 'pg_constraint'::regclass AND u.objid = k.oid)
                        OR (u.classid = 'pg_class'::regclass AND u.objid = k.conindid))
                UNION SELECT unnest(k.conkey) ORDER BY 1
            )
        FROM pg_constraint k
        WHERE k.conrelid = ANY($1) AND k.contype IN ('p', 'u', 'x', 'c')
        ORDER BY k.conrelid, k.contype, k.conname
        """

    /// Of the tables, and those that point at them. What partitions have of their own accord is left out.
    static let foreignKeys = """
        SELECT k.conrelid, k.confrelid, k.conname, n.nspname, c.relname, rn.nspname, rc.relname,
            pg_get_constraintdef(k.oid), k.conkey
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_class rc ON rc.oid = k.confrelid JOIN pg_namespace rn ON rn.oid = rc.relnamespace
        WHERE k.contype = 'f' AND k.conparentid = 0 AND (k.conrelid = ANY($1) OR k.confrelid = ANY($1))
        ORDER BY k.conrelid, k.conname
        """

    /// Those that belong to no constraint. Of the server's statement, what follows the table's name is wanted.
    static let indexes = """
        SELECT i.indrelid, ic.relname, i.indisunique, pg_get_indexdef(i.indexrelid),
            format('CREATE %sINDEX %I ON %s%I.%I USING ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, ic.relname,
                CASE c.relkind WHEN 'p' THEN 'ONLY ' END, n.nspname, c.relname),
            ARRAY(
                SELECT DISTINCT u.refobjsubid FROM pg_depend u
                WHERE u.refclassid = 'pg_class'::regclass AND u.refobjid = i.indrelid AND u.refobjsubid > 0
                    AND u.classid = 'pg_class'::regclass AND u.objid = i.indexrelid
                ORDER BY 1
            ), i.indisreplident
        FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE i.indrelid = ANY($1) AND i.indislive AND i.indisvalid AND NOT EXISTS (
            SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
        )
        ORDER BY i.indrelid, ic.relname
        """

    /// Those that columns own, and those that defaults draw from.
    static let sequences = """
        WITH used AS (
            SELECT u.refobjid AS rel, u.refobjsubid AS owner, u.objid AS seq, u.deptype = 'i' AS is_identity
            FROM pg_depend u
            WHERE u.classid = 'pg_class'::regclass AND u.refclassid = 'pg_class'::regclass
                AND u.refobjid = ANY($1) AND u.refobjsubid > 0 AND u.deptype IN ('a', 'i')
            UNION
            SELECT d.adrelid, NULL, u.refobjid, false
            FROM pg_attrdef d
            JOIN pg_depend u ON u.classid = 'pg_attrdef'::regclass AND u.objid = d.oid
                AND u.refclassid = 'pg_class'::regclass
            WHERE d.adrelid = ANY($1)
        )
        SELECT used.rel, n.nspname, c.relname, max(used.owner), bool_or(used.is_identity),
            format('AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s', format_type(s.seqtypid, -1),
                s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' END)
        FROM used JOIN pg_sequence s ON s.seqrelid = used.seq JOIN pg_class c ON c.oid = used.seq
        JOIN pg_namespace n ON n.oid = c.relnamespace
        GROUP BY used.rel, n.nspname, c.relname, s.seqtypid, s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
            s.seqcycle
        ORDER BY used.rel, n.nspname, c.relname
        """

    static let identities = """
        SELECT c.oid, c.relreplident, (
            SELECT ic.relname FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid
            WHERE i.indrelid = c.oid AND i.indisreplident
        )
        FROM pg_class c WHERE c.oid = ANY($1)
        """

    /// The types that the tables' columns are of and that users or extensions made, with the types that those need.
    static let types = """
        WITH RECURSIVE used(rel, type) AS (
            SELECT DISTINCT a.attrelid, a.atttypid FROM pg_attribute a
            WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped
            UNION
            SELECT u.rel, part.type FROM used u JOIN pg_type t ON t.oid = u.type
            CROSS JOIN LATERAL (
                SELECT t.typbasetype AS type UNION ALL SELECT t.typelem
                UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid
                UNION ALL
                SELECT a.atttypid FROM pg_attribute a
                WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
                UNION ALL SELECT multirange.type FROM (\(multirange)) AS multirange
            ) AS part
            WHERE part.type <> 0
        )
        SELECT u.rel, t.oid, n.nspname, t.typname, t.typtype, x.extname,
            CASE t.typtype
                WHEN 'd' THEN concat(format_type(t.typbasetype, t.typtypmod),
                    (SELECT format(' COLLATE %I.%I', cn.nspname, co.collname)
                        FROM pg_type b JOIN pg_collation co ON co.oid = t.typcollation
                        JOIN pg_namespace cn ON cn.oid = co.collnamespace
                        WHERE b.oid = t.typbasetype AND b.typcollation <> t.typcollation),
                    ' DEFAULT ' || t.typdefault, CASE WHEN t.typnotnull THEN ' NOT NULL' END,
                    (SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), ''
                            ORDER BY k.conname)
                        FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
                WHEN 'c' THEN (
                    SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '
                        ORDER BY a.attnum)
                    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                    WHERE a.attrelid = t.typrelid AND c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped)
                WHEN 'r' THEN (
                    SELECT concat('SUBTYPE = ', format_type(r.rngsubtype, NULL),
                        (SELECT format(', COLLATION = %I.%I', cn.nspname, co.collname) FROM pg_collation co
                            JOIN pg_namespace cn ON cn.oid = co.collnamespace
                            JOIN pg_type b ON b.oid = r.rngsubtype
                            WHERE co.oid = r.rngcollation AND b.typcollation <> r.rngcollation),
                        CASE WHEN r.rngsubdiff::oid <> 0 THEN ', SUBTYPE_DIFF = ' || r.rngsubdiff::text END)
                    FROM pg_range r WHERE r.rngtypid = t.oid)
            END,
            (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)::text,
            ARRAY(
                SELECT p.type FROM (
                    SELECT t.typbasetype AS type UNION ALL SELECT t.typelem
                    UNION ALL SELECT e.typelem FROM pg_type e WHERE e.oid = t.typbasetype
                    UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid
                    UNION ALL
                    SELECT unnest(ARRAY[a.atttypid, e.typelem]) FROM pg_attribute a JOIN pg_type e ON e.oid = a.atttypid
                    WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
                ) p WHERE p.type <> 0
            )
        FROM used u JOIN pg_type t ON t.oid = u.type JOIN pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
        LEFT JOIN pg_extension x ON x.oid = d.refobjid
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND t.typtype IN ('b', 'c', 'd', 'e', 'r')
            AND (t.typtype <> 'b' OR t.typelem = 0 OR x.extname IS NOT NULL)
        ORDER BY u.rel, t.oid
        """

    /// The range type of a multirange type; there are none before version 14.
    private static let multirange = """
        SELECT (to_jsonb(r) ->> 'rngtypid')::oid AS type FROM pg_range r
        WHERE (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid AND t.typtype = 'm'
        """

    /// Collations that users made. Where the locale is kept depends on the version.
    static let collations = """
        SELECT DISTINCT u.rel, n.nspname, co.collname,
            concat('provider = ', CASE co.collprovider WHEN 'i' THEN 'icu' ELSE 'libc' END,
                CASE WHEN co.collprovider = 'i'
                    THEN format(', locale = %L',
                        COALESCE(to_jsonb(co) ->> 'colllocale', to_jsonb(co) ->> 'colliculocale', co.collcollate))
                    ELSE format(', lc_collate = %L, lc_ctype = %L', co.collcollate, co.collctype) END,
                CASE WHEN NOT co.collisdeterministic THEN ', deterministic = false' END,
                ', rules = ' || quote_literal(to_jsonb(co) ->> 'collicurules'))
        FROM (
            SELECT a.attrelid AS rel, a.attcollation AS collation FROM pg_attribute a
            WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attcollation <> 0
            UNION
            SELECT i.indrelid, unnest(i.indcollation::oid[]) FROM pg_index i WHERE i.indrelid = ANY($1)
            UNION
            SELECT a.attrelid, t.typcollation FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
            WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND t.typtype = 'd' AND t.typcollation <> 0
        ) AS u JOIN pg_collation co ON co.oid = u.collation JOIN pg_namespace n ON n.oid = co.collnamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
        ORDER BY 1, 2, 3
        """
}
