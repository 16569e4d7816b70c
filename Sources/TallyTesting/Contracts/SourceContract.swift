package import TallyModel

/// What every ``Source`` that sees all changes does, rule by rule: the runnable form of its protocol's doc comments.
package struct SourceContract: Sendable {
    package enum Rule: String, Sendable, CaseIterable {
        case namesItsTables, bringsWholeTransactionsInOrder, tellsMovesOfKeys, goesOnFromTheCheckpoint
        case coversTheTableWithChunks, readsChunksAfterTheCall, endsAWaitWhenCancelled
        case acknowledgesIdempotently, removesTwice, namesHistoriesThatDoNotFit, changesNothingByLooking
    }

    /// What another program does to table `thing`, which is there and empty at first.
    package enum Write: Sendable, Hashable {
        case insert(Row)
        case update(Row, key: Row)
        case delete(key: Row)
    }

    private let source: any Source
    private let mode: CaptureSettings.Mode
    private let ahead: @Sendable (Position) -> Position
    private let commit: @Sendable ([Write]) async throws -> Void

    /// - Parameters:
    ///   - source: With the table ``Thing``, empty.
    ///   - mode: How changes are captured.
    ///   - ahead: A position that the source has not come to, far after one that it has.
    ///   - commit: Makes one transaction, as a program would that knows nothing of Tally.
    package init(
        _ source: any Source,
        mode: CaptureSettings.Mode = .auto,
        ahead: @escaping @Sendable (Position) -> Position = {
            Position(order: $0.order + 1_000_000, detail: $0.detail)
        },
        commit: @escaping @Sendable ([Write]) async throws -> Void
    ) {
        self.source = source
        self.mode = mode
        self.ahead = ahead
        self.commit = commit
    }

    /// - Throws: ``ContractBroken`` with what the source did instead.
    package func check(_ rule: Rule) async throws {
        switch rule {
        case .namesItsTables: try await namesItsTables()
        case .bringsWholeTransactionsInOrder: try await bringsWholeTransactionsInOrder()
        case .tellsMovesOfKeys: try await tellsMovesOfKeys()
        case .goesOnFromTheCheckpoint: try await goesOnFromTheCheckpoint()
        case .coversTheTableWithChunks: try await coversTheTableWithChunks()
        case .readsChunksAfterTheCall: try await readsChunksAfterTheCall()
        case .endsAWaitWhenCancelled: try await endsAWaitWhenCancelled()
        case .acknowledgesIdempotently: try await acknowledgesIdempotently()
        case .removesTwice: try await removesTwice()
        case .namesHistoriesThatDoNotFit: try await namesHistoriesThatDoNotFit()
        case .changesNothingByLooking: try await changesNothingByLooking()
        }
    }

    // MARK: Tools

    private static let flow = "contract"

    private func request(_ checkpoint: Checkpoint? = nil) -> CaptureRequest {
        CaptureRequest(
            consumer: Consumer(flow: Self.flow, targetID: "target", targetLabel: "the target"),
            tables: TableSelection(["*"]),
            capture: CaptureSettings(mode: mode),
            checkpoint: checkpoint
        )
    }

    private func open(_ checkpoint: Checkpoint? = nil) async throws -> any SourceSession {
        try await source.open(request(checkpoint))
    }

    private func write(_ writes: Write...) async throws { try await commit(writes) }

    /// A stream as a target would hold it.
    private struct Follower {
        var rows: [Row: Row] = [:]
        var position: Position
        /// For each transaction's end or several: the changes that came with it.
        var batches: [[Change]] = []
        private var open: [Change] = []

        init(_ session: any SourceSession) async {
            position = await session.start
        }

        mutating func follow(_ session: any SourceSession) async throws {
            let goal = try await session.latest()
            while position < goal {
                guard case .slice(let slice) = try await session.next() else { continue }
                for change in slice.changes { take(change, slice.tables[change.table]) }
                guard let end = slice.end else { continue }
                try insist(position <= end.position, "\(end.position) comes after \(position)")
                position = end.position
                if !open.isEmpty { batches.append(open) }
                open = []
            }
        }

        private mutating func take(_ change: Change, _ schema: TableSchema) {
            open.append(change)
            let key = change.row.values.isEmpty ? Row([]) : change.row.picking(schema.key)
            switch change.operation {
            case .insert, .update:
                let former = change.formerKey ?? key
                let old = rows.removeValue(forKey: former)
                rows[key] = old.map { $0.overlaid(by: change.row) } ?? change.row
            case .delete: rows[key] = nil
            case .truncate: rows = [:]
            }
        }
    }

    // MARK: The stream

    private func namesItsTables() async throws {
        let tables = try await source.catalog()
        try insist(tables.map(\.name), is: [Thing.name], "the catalog, without Tally's own tables")
        let session = try await open()
        let schema = await session.tables.first
        try insist(schema?.name, is: Thing.name, "the table of the stream")
        try insist(schema?.columns.map(\.name) ?? [], is: ["id", "name", "n"], "its columns")
        try insist(schema?.keyColumns.map(\.name) ?? [], is: ["id"], "its key")
        try insist(try await source.catalog().map(\.name), is: [Thing.name], "the catalog once capture is installed")
        await session.close()
    }

    private func bringsWholeTransactionsInOrder() async throws {
        try await write(.insert(Thing.row(1, "before", 0)))
        let session = try await open()
        var follower = await Follower(session)
        follower.rows = [Thing.key(1): Thing.row(1, "before", 0)]
        try await write(.insert(Thing.row(2, "b", 2)), .insert(Thing.row(3, "c", 3)), .delete(key: Thing.key(1)))
        try await write(.update(Thing.row(2, "b", 20), key: Thing.key(2)), .insert(Thing.row(1, "again", 1)))
        try await follower.follow(session)
        let expected = [Thing.row(1, "again", 1), Thing.row(2, "b", 20), Thing.row(3, "c", 3)]
        try insist(follower.rows, is: Dictionary(uniqueKeysWithValues: expected.map { (Row([$0[0]]), $0) }), "the rows")
        let changes = follower.batches.flatMap { $0 }
        try insist(changes.map(\.operation), is: [.insert, .insert, .delete, .update, .insert], "the operations")
        // Several transactions may come together, never a part of one.
        try insist(
            [[5], [3, 2]].contains(follower.batches.map(\.count)),
            "batches of \(follower.batches.map(\.count))"
        )
        await session.close()
    }

    private func tellsMovesOfKeys() async throws {
        try await write(.insert(Thing.row(1, "a", 1)))
        let session = try await open()
        var follower = await Follower(session)
        follower.rows = [Thing.key(1): Thing.row(1, "a", 1)]
        try await write(.update(Thing.row(5, "a", 1), key: Thing.key(1)))
        try await follower.follow(session)
        try insist(follower.rows, is: [Thing.key(5): Thing.row(5, "a", 1)], "the rows after a change of key")
        await session.close()
    }

    private func goesOnFromTheCheckpoint() async throws {
        let session = try await open()
        var follower = await Follower(session)
        try await write(.insert(Thing.row(1, "a", 1)))
        try await follower.follow(session)
        let checkpoint = Checkpoint(sourceID: await session.sourceID, position: follower.position)
        try await write(.insert(Thing.row(2, "b", 2)), .update(Thing.row(1, "a", 10), key: Thing.key(1)))
        // Read and never committed: it has to come again.
        var lost = follower
        try await lost.follow(session)
        await session.close()
        try await write(.insert(Thing.row(3, "c", 3)))

        try await source.verify(request(checkpoint))
        let next = try await open(checkpoint)
        try insist(await next.start, is: checkpoint.position, "where the stream begins")
        try insist(await next.sourceID, is: checkpoint.sourceID, "the source's identity")
        follower.batches = []
        try await follower.follow(next)
        let seen = follower.batches.flatMap { $0 }.map(\.operation)
        try insist(seen, is: [.insert, .update, .insert], "what comes after the checkpoint")
        try insist(follower.rows.count, is: 3, "the rows")
        await next.close()
    }

    private func endsAWaitWhenCancelled() async throws {
        let session = try await open()
        let waiting = Task { while true { _ = try await session.next() } }
        waiting.cancel()
        let result = await waiting.result
        await session.close()
        guard case .failure(let error) = result, error is CancellationError else {
            throw ContractBroken(description: "a cancelled wait ended with \(result)")
        }
    }

    // MARK: Loads

    private func coversTheTableWithChunks() async throws {
        let rows = (1...25 as ClosedRange<Int64>).map { Thing.row($0 * 3, "row \($0)", $0) }
        try await commit(rows.map(Write.insert))
        let session = try await open()
        let schema = await session.tables[0]
        try insist(try await session.rowCount(of: schema) > 0, "a table with rows has some")
        var found: [Row] = []
        var last: Row?
        for range in try await session.ranges(of: schema) {
            try insist(range.lower, is: last, "where a range begins")
            last = range.upper
            var rest = range
            while true {
                let chunk = try await session.chunk(of: Thing.name, in: rest, limit: ByteCount(200)).unpacked()
                try insist(!chunk.rows.isEmpty || chunk.isLast, "a chunk that is not the last has a row at least")
                try insist(chunk.range.lower, is: rest.lower, "where a chunk begins")
                found += chunk.rows
                if chunk.isLast { break }
                rest = KeyRange(lower: chunk.range.upper, upper: range.upper)
            }
        }
        try insist(last == nil, "the last range has no end")
        try insist(found, is: rows, "the rows of all chunks, in key order")
        await session.close()
    }

    private func readsChunksAfterTheCall() async throws {
        let session = try await open()
        try await write(.insert(Thing.row(1, "a", 1)))
        let chunk = try await session.chunk(of: Thing.name, in: .all, limit: .kibibytes(64)).unpacked()
        try insist(chunk.rows, is: [Thing.row(1, "a", 1)], "what was committed before the call")
        try insist(chunk.isLast, "a small table is one chunk")
        // The stream passes the snapshot, though nothing is written any more.
        var follower = await Follower(session)
        try await follower.follow(session)
        try insist(chunk.asOf <= follower.position, "the stream passes \(chunk.asOf), which the chunk was read at")
        await session.close()
    }

    // MARK: History

    private func acknowledgesIdempotently() async throws {
        let session = try await open()
        var follower = await Follower(session)
        let start = follower.position
        try await write(.insert(Thing.row(1, "a", 1)))
        try await follower.follow(session)
        for position in [follower.position, follower.position, start] { try await session.acknowledge(position) }
        await session.close()
        try await write(.insert(Thing.row(2, "b", 2)))
        let next = try await open(Checkpoint(sourceID: await session.sourceID, position: follower.position))
        try await follower.follow(next)
        try insist(follower.rows.count, is: 2, "the rows after acknowledgements that came twice and late")
        await next.close()
    }

    private func removesTwice() async throws {
        let session = try await open()
        let checkpoint = Checkpoint(sourceID: await session.sourceID, position: await session.start)
        await session.close()
        for _ in 1...2 { try await source.remove(flow: Self.flow) }
        try insist(try await source.catalog().map(\.name), is: [Thing.name], "the users' tables stay")
        // Without capture the file may have lost its identity with it.
        try await insistRefusal(.historyLost, .sourceReplaced, of: "a checkpoint of a flow that was removed") {
            try await open(checkpoint).close()
        }
    }

    private func namesHistoriesThatDoNotFit() async throws {
        let session = try await open()
        var follower = await Follower(session)
        try await write(.insert(Thing.row(1, "a", 1)))
        try await follower.follow(session)
        let id = await session.sourceID
        await session.close()
        let cases: [(Checkpoint, StoreError.Code)] = [
            (Checkpoint(sourceID: "another", position: follower.position), .sourceReplaced),
            (Checkpoint(sourceID: id, position: ahead(follower.position)), .historyWentBackwards),
        ]
        for (checkpoint, code) in cases {
            try await insistRefusal(code, of: "opening from a checkpoint that is \(code)") {
                try await open(checkpoint).close()
            }
            try await insistRefusal(code, of: "verifying a checkpoint that is \(code)") {
                try await source.verify(request(checkpoint))
            }
        }
        let good = Checkpoint(sourceID: id, position: follower.position)
        try await source.verify(request(good))
        try await open(good).close()
    }

    private func changesNothingByLooking() async throws {
        func catalog() async throws -> [TableSchema] {
            try await source.catalog().map { table in
                // When it was looked at may be in it.
                var table = table
                table.version = 1
                return table
            }
        }
        let before = try await catalog()
        _ = try await source.inspect(request())
        try await source.verify(request())
        try insist(try await catalog(), is: before, "the catalog after a look")
    }
}
