import TallyModel

/// Keeps the publication equal to the flow's selection, and knows which tables' changes are certain to be in the stream.
///
/// A transaction that wrote to a table before it was published and commits after its load began would be in neither. So
/// a table that was added counts as captured only when every transaction that held a lock for writing on it at that time
/// has ended.
final class TableWatch {
    private let connection: PostgresConnection
    private let selection: TableSelection
    private let publication: Publication
    private let facts: ServerFacts
    /// Tables whose changes are in the stream.
    private var captured: Set<UInt32>
    /// Tables that were added, with the transactions that must end first.
    private var waiting: [UInt32: Set<String>] = [:]
    /// The partitions of tables that were added, from before: what happened to them since is seen by the look after
    /// the one in which the table is given.
    private var partitions: [UInt32: Partitions] = [:]
    /// Tables that the server would not let be added, by what was wrong.
    private var refused: [TableName: String] = [:]
    /// Tables that must not be added, by what is wrong and what mends it.
    private var unfit: [TableName: String] = [:]
    private var lastSign = ""
    private var isFirst = true

    init(
        _ connection: PostgresConnection,
        selection: TableSelection,
        publication: Publication,
        facts: ServerFacts,
        captured: Set<UInt32>
    ) {
        self.connection = connection
        self.selection = selection
        self.publication = publication
        self.facts = facts
        self.captured = captured
    }

    /// What a look at the catalog brought.
    struct Review {
        var tables: [PostgresTable]
        var position: UInt64
    }

    /// Why tables that were selected are not captured, for people; `nil` where all are.
    var problem: String? {
        let all = refused.merging(unfit) { $1 }
        guard !all.isEmpty else { return nil }
        let list = all.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
        return "not captured: \(list)"
    }

    /// Looks whether anything has changed, and if so brings the publication in line.
    ///
    /// - Returns: `nil` when nothing has.
    func look() throws -> Review? {
        let sign = try sign()
        let wereWaiting = waiting.count
        try settleWaiting()
        guard sign != lastSign || isFirst || waiting.count != wereWaiting else { return nil }
        lastSign = sign
        isFirst = false
        return try review(align: true)
    }

    /// Reads the catalog because the log speaks of a structure of `table` that is not known.
    func review(settling table: TableName) throws -> Review {
        try connection.awaitStructure(of: table)
        return try review(align: false)
    }

    /// Something cheap that differs whenever a table was made, altered, renamed or dropped.
    private func sign() throws -> String {
        let result = try connection.query(
            """
            SELECT (SELECT sum(hashtext(oid::text || ' ' || xmin::text)::int8)::text FROM pg_class
                    WHERE relkind IN ('r', 'p') AND relnamespace <> 'pg_catalog'::regnamespace)
                || ' ' || (SELECT sum(pg_stat_get_tuples_inserted(t) + pg_stat_get_tuples_updated(t)
                        + pg_stat_get_tuples_deleted(t))::text
                    FROM unnest('{pg_attribute,pg_index,pg_publication_rel,pg_namespace}'::regclass[]) AS t)
            """
        )
        return result.text(0, 0) ?? ""
    }

    private func review(align: Bool) throws -> Review {
        let catalog = try PostgresCatalog.read(in: connection, selecting: selection, detail: .definition)
        let wanted = try PartitionReading(connection: connection).note(
            in: catalog.tables.filter { $0.publicationProblem(on: facts) == nil }
        )
        unfit = problems(in: catalog)
        guard var published = try publication.tables() else {
            throw StoreError(
                .historyLost,
                "\(connection.label): the publication \(publication.name) was dropped, without which the server's log "
                    + "cannot be read",
                remedy: .beginAgain
            )
        }
        if align { try self.align(&published, with: wanted) }
        captured = captured.intersection(published)
        return Review(
            tables: wanted.filter { captured.contains($0.oid) }.map(withFirstPartitions),
            position: catalog.position
        )
    }

    /// Selected tables that cannot be captured as they are.
    private func problems(in catalog: PostgresCatalog) -> [TableName: String] {
        var problems: [TableName: String] = [:]
        for table in catalog.keyless { problems[table.name] = "\(table.message) (\(table.remedy))" }
        for table in catalog.tables {
            guard let (message, remedy) = table.publicationProblem(on: facts) else { continue }
            problems[table.name] = "\(message) (\(remedy))"
        }
        return problems
    }

    private func withFirstPartitions(_ table: PostgresTable) -> PostgresTable {
        guard let first = partitions.removeValue(forKey: table.oid) else { return table }
        isFirst = true
        var table = table
        table.schema.partitions = first
        return table
    }

    private func align(_ published: inout Set<UInt32>, with wanted: [PostgresTable]) throws {
        refused = [:]
        // A table that cannot say which row is meant would make its users' own updates fail while it is published.
        let surplus = published.subtracting(wanted.map(\.oid))
        try patiently(nil) {
            try publication.remove(surplus)
            published.subtract(surplus)
        }
        for table in wanted where !published.contains(table.oid) {
            try patiently(table.name) {
                try publication.add(table)
                published.insert(table.oid)
                partitions[table.oid] = table.schema.partitions
                waiting[table.oid] = try writers(of: table.oid)
            }
        }
        waiting = waiting.filter { published.contains($0.key) }
        partitions = partitions.filter { published.contains($0.key) }
        try settleWaiting()
    }

    /// Leaves for the next look what somebody else's lock keeps from being done now, and remembers what rights do.
    private func patiently(_ table: TableName?, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as StoreError where error.code == .busy || error.code == .missingTable {
            isFirst = true
        } catch let error as StoreError where error.code == .denied {
            if let table { refused[table] = error.message }
        }
    }

    private func settleWaiting() throws {
        for (table, transactions) in waiting {
            let left = transactions.isEmpty ? [] : transactions.intersection(try writers(of: table))
            waiting[table] = left
            if left.isEmpty {
                waiting[table] = nil
                captured.insert(table)
            }
        }
    }

    /// The transactions that hold a lock for writing on a table or its partitions now.
    private func writers(of table: UInt32) throws -> Set<String> {
        let result = try connection.query(
            """
            SELECT DISTINCT virtualtransaction FROM pg_locks
            WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND granted
                AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
                AND relation IN (SELECT $1::oid UNION SELECT relid FROM pg_partition_tree($1::oid))
            """,
            [.integer(table)]
        )
        return Set((0..<result.rowCount).compactMap { result.text($0, 0) })
    }
}

extension PostgresTable {
    /// Why this server cannot publish the table without harm, and what mends it.
    func publicationProblem(on facts: ServerFacts) -> (message: String, remedy: String)? {
        if isPartitioned, !facts.publishesPartitionedTables {
            return ("changes of partitioned tables can be published from PostgreSQL 13 on", "upgrade the server")
        }
        return publicationProblem
    }
}
