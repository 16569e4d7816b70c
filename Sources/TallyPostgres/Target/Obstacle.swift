import TallyModel

/// A unique or exclusion constraint that keeps a row from being written, because another row stands in its way.
struct Obstacle: Sendable {
    /// A column that no value is written to.
    struct Rest: Sendable {
        var name: String
        /// Over the columns that are written; `nil` where the column keeps what it has.
        var generation: String?
    }

    /// What is compared: a column or an expression over the table's columns, with the operator that must not hold between two
    /// rows.
    struct Term: Sendable {
        var expression: String
        var `operator`: String
        /// The column, unquoted, where it is about the value of one.
        var column: String?
        /// How texts in the column are compared; `nil` where only the server knows.
        var folding: TextFolding?
    }

    var terms: [Term]
    /// Whether two NULLs are the same to it.
    var joinsNulls: Bool
    /// Which rows it is about; `nil` for all.
    var condition: String?
    /// The table with the constraint, quoted, for statements about its own rows: it may be a partition.
    var rows: String
    var rest: [Rest]

    /// The columns among the terms, unquoted.
    var columns: [String] { terms.compactMap(\.column) }

    /// See ``Violation/foldings``.
    var foldings: [TextFolding]? {
        guard condition == nil, !joinsNulls else { return nil }
        let foldings = terms.compactMap { $0.column == nil ? nil : $0.folding }
        return foldings.count == terms.count ? foldings : nil
    }
}

extension TableWriter {
    /// What a refusal speaks of; `nil` where rows must not give way.
    ///
    /// Only a constraint of the source, too, may remove a row: only then is the stream certain to bring it again.
    func obstacle(of error: StoreError, in target: TargetConnection) throws -> Obstacle? {
        guard let refusal = error.postgres, refusal.isAboutOtherRows, let name = refusal.constraint,
            try sharesConstraint(name, in: target)
        else { return nil }
        return try obstacle(named: name, in: target)
    }

    /// The unique or exclusion constraint whose index has the name, of the table or of one of its partitions.
    func obstacle(named name: String, in target: TargetConnection) throws -> Obstacle? {
        let oid = Parameter.integer(self.target.table.oid)
        let written = Parameter.texts(statements.fields.map(\.column.name))
        let results = try target.run([
            Command(Self.constraint, [oid, .text(name)]), Command(Self.unwritten, [oid, written]),
        ])
        let (result, rest) = (results[0], results[1])
        guard result.rowCount > 0 else { return nil }
        let places = 0..<result.rowCount
        return Obstacle(
            terms: places.map { place in
                Obstacle.Term(
                    expression: result.text(place, 0) ?? "NULL",
                    operator: result.text(place, 1) ?? "=",
                    column: result.text(place, 4),
                    folding: result.text(place, 6).flatMap(TextFolding.init)
                )
            },
            joinsNulls: result.flag(0, 3),
            condition: result.text(0, 2),
            rows: result.text(0, 5) ?? "",
            rest: (0..<rest.rowCount).map {
                Obstacle.Rest(name: (rest.text($0, 0) ?? "").postgresIdentifier, generation: rest.text($0, 1))
            }
        )
    }

    /// Deletes the rows that keep one row from being written.
    func delete(_ obstacle: Obstacle, inTheWayOf rows: [Row]) -> Command {
        statement("DELETE", obstacle, rows)
    }

    /// Asks for the keys, in the order of the schema's, of the rows that keep one row from being written.
    func keys(of obstacle: Obstacle, inTheWayOf rows: [Row]) -> Command {
        statement("SELECT \(statements.names(statements.key.map(\.field)))", obstacle, rows)
    }

    private func statement(_ verb: String, _ obstacle: Obstacle, _ rows: [Row]) -> Command {
        let encoded = insert(rows, or: .refuse)
        let given = given(beside: obstacle.rest, encoded.casts)
        let terms = obstacle.terms.map { term in
            let (held, new) = (term.expression, "(SELECT \(term.expression) FROM \(given))")
            let isSame = "\(held) \(term.operator) \(new)"
            return obstacle.joinsNulls ? "(\(isSame) OR (\(held) IS NULL AND \(new) IS NULL))" : isSame
        }
        let key = statements.key.map { part in
            let name = statements.fields[part.field].name
            return "\(name) \(part.equals) (SELECT \(name) FROM \(given))"
        }
        var conditions = terms + ["NOT (\(key.joined(separator: " AND ")))"]
        if let condition = obstacle.condition { conditions.append("(\(condition))") }
        return Command(
            "\(verb) FROM \(obstacle.rows) WHERE \(conditions.joined(separator: " AND "))",
            encoded.command.parameters,
            isKept: false
        )
    }

    /// The row under the names of all the table's columns, so that expressions over them can be asked of it: a name that
    /// it lacked would be taken for a column of the row it is compared with.
    private func given(beside rest: [Obstacle.Rest], _ casts: [String?]) -> String {
        let written = statements.fields.indices.map {
            "\(statements.value($0, casts)) AS \(statements.fields[$0].name)"
        }
        let sameKey = statements.key.map { part in
            "r.\(statements.fields[part.field].name) \(part.equals) \(statements.value(part.field, casts))"
        }.joined(separator: " AND ")
        let held = rest.filter { $0.generation == nil }.map {
            "(SELECT r.\($0.name) FROM \(statements.rows) AS r WHERE \(sameKey)) AS \($0.name)"
        }
        let computed = rest.compactMap { column in column.generation.map { "(\($0)) AS \(column.name)" } }
        let row = (written + held).joined(separator: ", ")
        let base = "(SELECT \(row) FROM \(statements.source(written.count))) AS base"
        return "(SELECT \((["base.*"] + computed).joined(separator: ", ")) FROM \(base)) AS given"
    }

    // MARK: Statements

    /// One row for each term of the index. `pg_get_indexdef` leaves a term's collation out. `lower` and `upper` of a column are
    /// about the column; both go by the locale, and `citext` by that of the database.
    private static let constraint = """
        WITH tree AS (SELECT $1::oid AS relation UNION SELECT relid::oid FROM pg_partition_tree($1::oid::regclass))
        SELECT '(' || pg_get_indexdef(i.indexrelid, k.place, true) || ')' || coalesce((
                SELECT ' COLLATE ' || quote_ident(n.nspname) || '.' || quote_ident(l.collname)
                FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace
                WHERE l.oid = i.indcollation[k.place - 1]
            ), ''),
            (
                SELECT 'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')'
                FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
                WHERE o.oid = coalesce(c.conexclop[k.place], (
                    SELECT m.amopopr FROM pg_opclass p JOIN pg_amop m ON m.amopfamily = p.opcfamily
                        AND m.amopstrategy = 3 AND m.amoplefttype = p.opcintype AND m.amoprighttype = p.opcintype
                    WHERE p.oid = i.indclass[k.place - 1]
                ))
            ),
            pg_get_expr(i.indpred, i.indrelid, true),
            coalesce(to_jsonb(i) ->> 'indnullsnotdistinct' = 'true', false), a.attname,
            CASE t.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || quote_ident(s.nspname) || '.' || quote_ident(t.relname),
            CASE
                WHEN c.conexclop IS NOT NULL OR EXISTS (
                    SELECT FROM pg_collation l WHERE l.oid = i.indcollation[k.place - 1] AND NOT l.collisdeterministic
                ) THEN NULL
                WHEN y.typname = 'citext' OR i.indkey[k.place - 1] = 0 THEN CASE
                    WHEN d.datctype IN ('C', 'POSIX') AND (y.typname = 'citext' OR i.indcollation[k.place - 1] IN (0, 100)) THEN 'ascii'
                    WHEN y.typname <> 'citext' AND i.indcollation[k.place - 1] IN (950, 951) THEN 'ascii'
                    ELSE 'caseless'
                END
                WHEN y.oid = 'pg_catalog.bpchar'::regtype THEN 'trimming'
                WHEN y.typnamespace = 'pg_catalog'::regnamespace THEN 'exact'
            END
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
        JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace s ON s.oid = t.relnamespace
        LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid AND c.contype IN ('p', 'u', 'x')
        CROSS JOIN LATERAL generate_series(1, i.indnkeyatts::int) AS k(place)
        JOIN pg_opclass q ON q.oid = i.indclass[k.place - 1] JOIN pg_type y ON y.oid = q.opcintype
        JOIN pg_database d ON d.datname = current_database()
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum > 0 AND NOT a.attisdropped AND CASE
            WHEN i.indkey[k.place - 1] <> 0 THEN a.attnum = i.indkey[k.place - 1]
            ELSE y.typname IN ('text', 'citext') AND pg_get_indexdef(i.indexrelid, k.place, true) IN (
                format('lower(%I)', a.attname), format('lower(%I::text)', a.attname),
                format('upper(%I)', a.attname), format('upper(%I::text)', a.attname)
            )
        END
        WHERE i.indrelid IN (SELECT relation FROM tree) AND x.relname = $2 ORDER BY i.indexrelid, k.place
        """

    /// The columns that no value is written to.
    private static let unwritten = """
        SELECT a.attname, CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL ($2::text[])
        ORDER BY a.attnum
        """
}

extension PostgresError {
    /// Whether other rows keep a row from being written.
    var isAboutOtherRows: Bool { isUniqueViolation || state == "23P01" }
}
