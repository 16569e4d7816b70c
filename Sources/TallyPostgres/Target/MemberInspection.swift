import TallyModel

/// What `tally check` has to say about a PostgreSQL database as a member of a group.
struct MemberInspection {
    private let connection: PostgresConnection
    private let request: MemberRequest
    private let target: TargetInspection

    init(_ connection: PostgresConnection, _ request: MemberRequest) {
        self.connection = connection
        self.request = request
        target = TargetInspection(connection, create: request.createsMissing)
    }

    func findings() throws -> [Finding] {
        var findings = try target.rights() + clock()
        let firesTriggers = try target.firesTriggers(&findings)
        for schema in request.tables {
            guard let table = try TargetTableReader(connection).table(schema.name) else {
                if request.createsMissing, try !exists(schema.name),
                    let obstacle = try target.obstacle(toMaking: schema)
                {
                    findings.append(obstacle)
                }
                continue
            }
            findings += target.rights(table) + triggers(of: table, firesTriggers: firesTriggers)
            findings += try sequences(of: table) + collations(of: table)
        }
        return findings
    }

    private func exists(_ table: TableName) throws -> Bool {
        try connection.query("SELECT to_regclass($1) IS NOT NULL", [.text(table.postgresSQL)]).flag(0, 0)
    }

    // MARK: The server

    /// How far the server's clock is from the node's: its times decide which of two writes is the later.
    private func clock() throws -> [Finding] {
        guard let distance = try ServerClock.offset(of: connection, from: request.now) else { return [] }
        let isAhead = distance > .zero
        let size = isAhead ? distance : .zero - distance
        guard size > .seconds(1) else { return [] }
        let words =
            "\(connection.label): the server's clock is \(Self.words(size)) \(isAhead ? "ahead of" : "behind") this machine's"
        let effect =
            isAhead
            ? "its writes win over later ones of other members"
            : "its writes lose against earlier ones of other members"
        return [
            Finding(
                size > request.skew ? .error : .warning,
                "\(words); where the time decides, \(effect)",
                remedy: "have both machines keep their clocks by NTP (chrony, systemd-timesyncd)"
            )
        ]
    }

    private static func words(_ span: Duration) -> String {
        let seconds = span.components.seconds
        return seconds < 120 ? "\(seconds) s" : "\(seconds / 60) min"
    }

    // MARK: Tables

    private func collations(of table: TargetTable) throws -> [Finding] {
        try KeyEquality.collations(of: table.schema, in: connection).sorted { $0.key < $1.key }.map { column, what in
            Finding(
                .error,
                table: table.schema.name,
                "the key \(column) takes texts for one that a group tells apart (\(what)), such as 'A' and 'a'",
                remedy: "give it type text and a deterministic collation, and keep the other rule by a unique index on "
                    + "lower(\(column)) in every member"
            )
        }
    }

    private func triggers(of table: TargetTable, firesTriggers: Bool) -> [Finding] {
        let triggers = firesTriggers ? table.triggers : table.replicaTriggers
        guard !triggers.isEmpty else { return [] }
        return [
            Finding(
                .warning,
                table: table.schema.name,
                "triggers fire for what Tally writes here (\(triggers.joined(separator: ", "))): they do again what was done "
                    + "where the row was written, and what they write is taken for the group's and reaches no other member",
                remedy: firesTriggers
                    ? "let Tally suspend them, as said above"
                    : triggers.map { "ALTER TABLE \(table.table.sql) ENABLE TRIGGER \($0.postgresIdentifier)" }
                        .joined(separator: "; ")
            )
        ]
    }

    /// Sequences that give keys: each member counts for itself.
    private func sequences(of table: TargetTable) throws -> [Finding] {
        let count = request.memberCount
        guard count > 1 else { return [] }
        let schema = table.schema
        let unique = Set(schema.key.map { Int16(clamping: schema.columns[$0].id) })
            .union(table.uniqueIndexes.flatMap(\.columns))
        return try schema.columns.compactMap { column in
            let number = Int16(clamping: column.id)
            guard unique.contains(number), let sequence = table.facts[number]?.sequence else { return nil }
            let answer = try connection.query(
                """
                SELECT s.seqincrement, now.last_value FROM \(sequence.sql) AS now, pg_sequence AS s
                WHERE s.seqrelid = \(sequence.sql.postgresLiteral)::regclass
                """
            )
            guard let increment = answer.integer(0, 0), let last = answer.integer(0, 1), increment < count else {
                return nil
            }
            let next = (max(last, 0) / count + 1) * count + request.place
            return Finding(
                .warning,
                table: schema.name,
                "\(column.name) counts by \(increment) in every member (\(sequence.sql)): rows that two members insert at "
                    + "the same time get one number",
                remedy: "ALTER SEQUENCE \(sequence.sql) INCREMENT BY \(count) RESTART WITH \(next);"
            )
        }
    }
}
