import TallyModel

/// Brings what is captured in line with the tables that the database has and the flows want.
///
/// Runs inside a transaction that has its turn. What it records in `tally.shape` says how rows are to be read that were
/// captured before it; readers give nothing on from under a structure that no review has seen.
struct CaptureReview {
    /// How a review ended.
    enum Outcome {
        /// Everything was in line already; the number is ``StructureCheck``'s for ``relations``.
        case settled(String)
        case changed
    }

    private let connection: PostgresConnection
    private let catalog: CapturedCatalog
    private let current: [Shape]
    private let past: [Shape]
    private let check: String
    private var hasChanged = false

    static func run(in connection: PostgresConnection) throws -> Outcome {
        var review = try CaptureReview(in: connection)
        try review.run()
        return review.hasChanged ? .changed : .settled(review.check)
    }

    private init(in connection: PostgresConnection) throws {
        self.connection = connection
        let flows = try Consumers.all(in: connection)
        let shapes = try ShapeStore.all(in: connection)
        current = shapes.filter { $0.until == nil }
        past = shapes
        let relations = current.map(\.relation)
        try Self.hold(relations, in: connection)
        check = try StructureCheck.read(relations, in: connection)
        catalog = try CapturedCatalog(
            wanted: { name in flows.contains { $0.selection.contains(name) } },
            known: relations,
            in: connection
        )
    }

    /// Keeps the structure of tables as it is until the transaction ends: without that, rows could be captured under the
    /// function of one structure in the form of the one after the next.
    private static func hold(_ relations: [UInt32], in connection: PostgresConnection) throws {
        let names = try connection.query(
            """
            SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid = ANY($1) AND c.relkind IN ('r', 'p') ORDER BY c.oid
            """,
            [.oids(relations)]
        )
        let list = (0..<names.rowCount).compactMap { names.text($0, 0) }
        guard !list.isEmpty else { return }
        try connection.execute("LOCK TABLE \(list.map { "ONLY \($0)" }.joined(separator: ", ")) IN ACCESS SHARE MODE")
    }

    private mutating func run() throws {
        for shape in current {
            if let table = catalog.tables[shape.name], table.oid == shape.relation {
                try follow(shape, table)
            } else {
                try end(shape)
            }
        }
        let captured = Set(current.map(\.relation))
        for table in catalog.tables.values.sorted(by: { $0.name < $1.name }) where !captured.contains(table.oid) {
            try begin(table)
        }
    }

    private mutating func end(_ shape: Shape) throws {
        hasChanged = true
        try TriggerScript.drop(shape.relation, in: connection)
        try ShapeStore.end(shape, in: connection)
    }

    private mutating func begin(_ table: PostgresTable) throws {
        var shape = catalog.shape(of: table)
        if past.contains(where: { $0.name == table.name }) {
            shape.reason = "the table was made anew, or was not captured for a while"
        }
        try install(shape, makesTriggers: true)
    }

    private mutating func follow(_ shape: Shape, _ table: PostgresTable) throws {
        var next = catalog.shape(of: table)
        let isWatched = catalog.triggers[table.oid] == shape.triggers
        let hasFunction = catalog.bodies[table.oid] == TriggerScript(shape.table, shape: shape.id).body
        let lost = shape.partitions.contains { !next.partitions.contains($0) }
        let gained = next.partitions.contains { !shape.partitions.contains($0) && catalog.isOccupied($0) }
        let isSame = next.isSame(as: shape) && next.partitions == shape.partitions
        guard !isSame || !isWatched || !hasFunction else { return }
        let rewrite = Rewrite(from: shape.table, to: table)
        let isSameKey = shape.schema.keyColumns.map(\.id) == table.schema.keyColumns.map(\.id)
        next.reason =
            if !isWatched || !hasFunction {
                "its triggers were changed or switched off for a while, so changes may have gone unseen"
            } else if lost {
                "a partition was taken away"
            } else if gained {
                "a partition was attached that holds rows"
            } else if !isSameKey {
                "its key is another one"
            } else if !shape.leads(to: next) {
                "columns came and went at once, so rows that were captured meanwhile cannot be told apart"
            } else {
                rewrite.changedTypes
            }
        // The structure of a table that only lost its triggers, or has a partition more, is told to nobody as a new one.
        if next.reason == nil, next.isSame(as: shape) { next.table.schema.version = shape.schema.version }
        try ShapeStore.end(shape, in: connection)
        next.triggers = shape.triggers
        try install(next, makesTriggers: !isWatched)
    }

    private mutating func install(_ shape: Shape, makesTriggers: Bool) throws {
        hasChanged = true
        let recorded = try ShapeStore.add(shape, in: connection)
        let script = TriggerScript(shape.table, shape: recorded.id)
        if makesTriggers { try TriggerScript.drop(shape.relation, in: connection) }
        try connection.execute(script.makeFunction)
        guard makesTriggers else { return }
        try connection.execute(script.makeTriggers(always: catalog.owned.contains(shape.relation)))
        var final = shape
        final.triggers =
            try connection.query(
                """
                SELECT string_agg(concat_ws(':', oid, tgenabled, xmin), ',' ORDER BY tgname) FROM pg_trigger
                WHERE tgrelid = $1 AND tgname IN ('tally_bell', 'tally_rows', 'tally_truncate')
                """,
                [.integer(shape.relation)]
            ).text(0, 0) ?? ""
        try connection.query(
            "UPDATE tally.shape SET shape = $1 WHERE id = $2",
            [.text(try ShapeStore.encode(final)), .integer(recorded.id)]
        )
    }
}
