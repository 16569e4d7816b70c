import TallyModel

/// Reads a flow's stream out of the log: each batch is what one snapshot sees and the one before did not.
///
/// Belongs to one isolation domain. After an error it is of no more use.
final class LogReader {
    enum Poll {
        case nothing
        /// What is to be said before the rows; ``slice(from:)`` brings those, where ``isReading`` says so.
        case events([StreamEvent])
        /// Capture is not in line with the tables: nothing is to be read before a review.
        case structureChanged
    }

    /// A batch at work: its transaction is open, and its rows are on their way.
    private struct Batch {
        let order: UInt64
        let snapshot: ServerSnapshot
        let after: [SchemaChange]
        var isFirstMessage = true
        var isCopied = false
        var earliest: Int64?
        var anchor: CapturePosition.Anchor
    }

    private let selection: TableSelection
    private let sliceLimit: Int
    private let orders: PollOrders
    private var shapes = CapturedShapes([], selection: TableSelection([]))
    private var given: CapturePosition
    private var isFirst = true
    private var check = ""
    private var batch: Batch?
    private var rows: LogRows

    init(selection: TableSelection, start: CapturePosition, orders: PollOrders, sliceLimit: ByteCount) {
        self.selection = selection
        self.sliceLimit = sliceLimit.bytes
        self.orders = orders
        given = start
        rows = LogRows(shapes: shapes, given: start.snapshot)
    }

    var isReading: Bool { batch != nil }

    /// The captured tables as the stream has them.
    var tables: [TableName: Shape] { shapes.tables(in: given.snapshot) }

    /// Takes up the shapes as a review left them.
    ///
    /// - Parameter check: What ``StructureCheck`` said when it ended.
    func reload(check: String, from connection: PostgresConnection) throws {
        shapes = CapturedShapes(try ShapeStore.all(in: connection), selection: selection)
        self.check = check
    }

    // MARK: Batches

    /// - Parameter rise: Called when there is something to bring, before the connection is busy with it.
    func poll(_ connection: PostgresConnection, rise: () throws -> Void) throws -> Poll {
        let (order, isOwed) = orders.begin()
        let query = LogQuery(given: given, isFirst: isFirst)
        let relations = Parameter.oids(shapes.relations)
        let answer = try connection.pipeline([
            Command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", isKept: false),
            Command(query.poll, [relations], isKept: false),
        ])
        guard let row = answer.last, let snapshot = row.text(0, 0).flatMap({ ServerSnapshot($0) }) else {
            throw StoreError(.damaged, "\(connection.label): the server does not say which transactions it sees")
        }
        guard row.text(0, 2) == check else {
            try connection.execute("ROLLBACK")
            orders.end(at: nil)
            return .structureChanged
        }
        let changes = shapes.changes(from: given.snapshot, to: snapshot)
        let hasNews = row.flag(0, 1)
        guard hasNews || isOwed || !changes.before.isEmpty || !changes.after.isEmpty else {
            try connection.execute("ROLLBACK")
            orders.end(at: nil)
            given.snapshot = snapshot
            isFirst = false
            return .nothing
        }
        try rise()
        batch = Batch(order: order, snapshot: snapshot, after: changes.after, anchor: given.anchor)
        rows = LogRows(shapes: shapes, given: given.snapshot)
        if hasNews {
            try connection.beginCopyOut(query.copy)
        } else {
            batch?.isCopied = true
        }
        return .events(changes.before.map(StreamEvent.schema))
    }

    /// The next part of the batch at work.
    func slice(from connection: PostgresConnection) throws -> [StreamEvent] {
        guard var batch else { return [] }
        var builder = SliceBuilder()
        while !batch.isCopied, builder.byteCount < sliceLimit {
            let more = try connection.withNextCopyData { message in
                defer { batch.isFirstMessage = false }
                guard case .row(var fields) = try CopiedFields.read(message, isFirst: batch.isFirstMessage) else {
                    return
                }
                try take(&fields, into: &builder, &batch)
            }
            batch.isCopied = !more
        }
        while batch.isCopied, builder.byteCount < sliceLimit, rows.hasDoubts {
            try rows.resolveDoubts(in: connection, into: &builder)
        }
        guard batch.isCopied, !rows.hasDoubts else {
            self.batch = batch
            return [.slice(builder.slice(endingAt: nil))]
        }
        try connection.execute("COMMIT")
        orders.end(at: batch.order)
        given = CapturePosition(snapshot: batch.snapshot, anchor: batch.anchor)
        isFirst = false
        self.batch = nil
        let end = Commit(
            position: Position(order: batch.order, detail: given.detail),
            time: batch.earliest.map { Timestamp(microseconds: $0) }
        )
        return [.slice(builder.slice(endingAt: end))] + batch.after.map(StreamEvent.schema)
    }

    private func take(_ fields: inout CopiedFields, into builder: inout SliceBuilder, _ batch: inout Batch) throws {
        let place = try fields.integer()
        let transaction = UInt64(bitPattern: try fields.integer())
        let shape = Int(try fields.integer())
        let relation = UInt32(truncatingIfNeeded: try fields.integer())
        let letter = UInt8(truncatingIfNeeded: try fields.integer())
        let time = try fields.integer()
        if place > batch.anchor.place {
            batch.anchor = CapturePosition.Anchor(place: place, transaction: transaction, time: time)
        }
        guard let operation = LogOperation(letter: letter) else { return }
        batch.earliest = min(batch.earliest ?? time, time)
        let origin = LogRows.Origin(
            shape: shape,
            relation: relation,
            transaction: transaction,
            isNested: LogOperation.isNested(letter)
        )
        try rows.add(operation, origin, former: fields.next(), image: fields.next(), to: &builder)
    }
}
