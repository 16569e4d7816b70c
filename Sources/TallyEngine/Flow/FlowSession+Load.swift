import Logging
import Synchronization
import TallyModel
import TallyTransform

/// Loads and sweeps: chunks read ahead and written between batches.
extension FlowSession {
    /// A chunk to be read.
    private struct Order: Sendable {
        let table: TableName
        /// The range's place in the table's progress; `nil` for a sweep.
        let range: Int?
        let keys: KeyRange
    }

    /// Chunks that are written, to be freed by another task than the one that wrote them.
    private final class Spent: Sendable {
        private let round: Mutex<[(Order, Chunk?)]>

        init(_ round: [(Order, Chunk?)]) {
            self.round = Mutex(round)
        }

        func free() {
            let round = round.withLock { round in
                defer { round = [] }
                return round
            }
            // The last reference goes here, outside the lock.
            _ = round
        }
    }

    var hasLoads: Bool {
        !sweeps.isEmpty || tables.values.contains { !$0.isPaused && $0.progress?.isLoading ?? false }
    }

    // MARK: Turns

    /// Reads and writes chunks for a while: a few where the stream waits, otherwise until something happens.
    ///
    /// While one round of chunks is written the next is read. All that are read in a turn are written in it.
    func loadTurn() async throws {
        let least = 2
        var rounds = 1
        var round = try await Self.read(nextOrders(after: []), from: source, limit: context.chunkLimit)
        var written: [(Order, Chunk?)] = []
        while !round.isEmpty {
            let othersWait = context.inbox.isWaiting && rounds >= least
            let (source, limit, orders) = (source, context.chunkLimit, othersWait ? [] : nextOrders(after: round))
            // Freeing a chunk takes a good part of the time of reading one, and goes on beside the writing as well.
            let spent = Spent(written)
            written = []
            async let following = Self.read(orders, from: source, limit: limit, freeing: spent)
            try await write(round)
            written = round
            round = try await following
            rounds += 1
        }
        try await settleLoads()
    }

    /// The next chunks that are to be read, as many as the source is good for.
    ///
    /// - Parameter round: What was read and is not written yet.
    private func nextOrders(after round: [(Order, Chunk?)]) -> [Order] {
        // With a round in flight each of its ranges goes on where its chunk ends.
        if !round.isEmpty {
            let following = round.compactMap { order, chunk -> Order? in
                if order.range == nil, context.inbox.hasEvent { return nil }
                guard let chunk, !chunk.isLast, tables[order.table]?.isFollowed == true else { return nil }
                let rest = KeyRange(lower: chunk.range.upper, upper: order.keys.upper)
                return Order(table: order.table, range: order.range, keys: rest)
            }
            return following
        }
        var orders: [Order] = []
        var last: TableName?
        // One look at all tables for each that is taken: to sort them for each round would outweigh the loads of many
        // small ones.
        while let name = nextLoad(after: last), let progress = tables[name]?.progress {
            for (index, range) in progress.ranges.enumerated() where !range.isDone {
                orders.append(Order(table: name, range: index, keys: range.rest))
                if orders.count == loadWidth { return orders }
            }
            last = name
        }
        // A sweep sees more than what waits in the stream, which could bring back what it deletes.
        if orders.isEmpty, !context.inbox.hasEvent, let (name, ranges) = sweeps.min(by: { $0.key < $1.key }),
            let keys = ranges.first
        {
            orders.append(Order(table: name, range: nil, keys: keys))
        }
        return orders
    }

    /// The first table by name, or the first after another, that is being loaded.
    private func nextLoad(after last: TableName?) -> TableName? {
        var first: TableName?
        for (name, state) in tables where !state.isPaused && state.progress?.isLoading ?? false {
            if let last, name <= last { continue }
            if let found = first, found < name { continue }
            first = name
        }
        return first
    }

    private static func read(
        _ orders: [Order],
        from source: any SourceSession,
        limit: ByteCount,
        freeing spent: Spent? = nil
    ) async throws -> [(Order, Chunk?)] {
        spent?.free()
        if orders.count == 1, let order = orders.first { return [(order, try await read(order, from: source, limit))] }
        return try await withThrowingTaskGroup(of: (Int, Order, Chunk?).self) { group in
            // Two side by side are each as large as one alone: a COPY costs a target as much as a thousand rows.
            let share = ByteCount(limit.bytes * 2 / max(1, orders.count))
            for (index, order) in orders.enumerated() {
                group.addTask { (index, order, try await read(order, from: source, share)) }
            }
            var chunks: [(Int, Order, Chunk?)] = []
            for try await chunk in group { chunks.append(chunk) }
            return chunks.sorted { $0.0 < $1.0 }.map { ($0.1, $0.2) }
        }
    }

    /// - Returns: `nil` when the source has lost the table meanwhile.
    private static func read(_ order: Order, from source: any SourceSession, _ limit: ByteCount) async throws -> Chunk?
    {
        try await ifPresent(order.table) { try await source.chunk(of: order.table, in: order.keys, limit: limit) }
    }

    // MARK: Writing

    /// Writes what one round has read; where the target can, all at once.
    private func write(_ round: [(Order, Chunk?)]) async throws {
        let beside = try chunksBeside(round)
        let target = target
        try await namingSource {
            try await withThrowingTaskGroup(of: (Int, ApplyOutcome).self) { group in
                for (place, chunk) in beside {
                    let routed = chunk.routed
                    group.addTask { (place, try await target.load(beside: routed)) }
                }
                for (place, (order, chunk)) in round.enumerated() where beside[place] == nil {
                    if let chunk { try await write(chunk, for: order) } else { try await lose(order.table) }
                }
                for try await (place, outcome) in group {
                    guard let chunk = round[place].1, let origins = beside[place]?.origins else { continue }
                    try await note(chunk, outcome, origins: origins, for: round[place].0)
                }
            }
        }
    }

    /// The chunks of a round, by their place, that can be written beside the first: their tables were empty, and nothing
    /// has to be done for them first.
    private func chunksBeside(_ round: [(Order, Chunk?)]) throws -> [Int: (routed: Chunk, origins: [Int])] {
        guard target.loadsBeside, round.count > 1 else { return [:] }
        let isPlain = round.allSatisfy { order, chunk in
            guard let chunk, order.range != nil, let state = tables[order.table], state.isFollowed else { return false }
            guard let progress = state.progress, progress.mode.loadMode == .add else { return false }
            return progress.adopted.version >= chunk.schema.version
        }
        guard isPlain else { return [:] }
        var chunks: [Int: (routed: Chunk, origins: [Int])] = [:]
        for place in round.indices.dropFirst() {
            guard let chunk = round[place].1 else { continue }
            chunks[place] = try routed(chunk, mode: .add)
        }
        return chunks
    }

    private func write(_ chunk: Chunk, for order: Order) async throws {
        guard let state = tables[order.table], state.isFollowed, let progress = state.progress else {
            sweeps[order.table] = nil
            return
        }
        if progress.adopted.version < chunk.schema.version {
            try await adopt(chunk.schema)
            guard tables[order.table]?.isFollowed == true else {
                sweeps[order.table] = nil
                return
            }
            // The load may have begun anew because of it: then this is no part of it unless it is its first.
            if tables[order.table]?.progress?.asOf == nil, order.keys.lower != nil { return }
        }
        let mode = order.range == nil ? .sweep : tables[order.table]?.progress?.mode.loadMode ?? .add
        let (routed, origins) = try routed(chunk, mode: mode)
        guard order.range != nil else { return try await sweep(routed, order: order) }
        let outcome = try await namingSource { try await target.load(routed, mode: mode) }
        try await note(chunk, outcome, origins: origins, for: order)
    }

    /// Commits that a chunk was written, with what the target refused of it.
    private func note(_ chunk: Chunk, _ outcome: ApplyOutcome, origins: [Int], for order: Order) async throws {
        if !outcome.rejections.isEmpty || parked.holds(order.table) {
            letters(outcome, of: try chunk.unpacked(), origins: origins)
        }
        try await makeLettersDurable()
        context.reached(.chunkWritten)
        guard let index = order.range, var advanced = tables[order.table]?.progress else { return }
        advanced.loaded(chunk, range: index)
        try await target.commit(nil, notes: [try advanced.note(for: order.table)])
        tables[order.table]?.progress = advanced
        try await removePassedLetters()
        context.meter.loaded(chunk.rowCount, of: order.table)
        show(order.table)
    }

    /// The chunk as the target is to hold it, and for each of its rows its place in the chunk that was read.
    private func routed(_ packed: Chunk, mode: LoadMode) throws -> (Chunk, origins: [Int]) {
        let route = try route(for: packed.schema)
        let takesForms = mode == .add && route.passesRows
        if takesForms, let form = packed.packed?.form, target.packedForms.contains(form) {
            var routed = packed
            routed.schema = route.output
            return (routed, Array(0..<packed.rowCount))
        }
        let chunk = try packed.unpacked()
        var routed = chunk
        routed.schema = route.output
        if route.passesRows { return (routed, Array(chunk.rows.indices)) }
        routed.rows.removeAll(keepingCapacity: true)
        var origins: [Int] = []
        origins.reserveCapacity(chunk.rows.count)
        for (index, row) in chunk.rows.enumerated() {
            do {
                guard let out = try route.row(row) else { continue }
                routed.rows.append(out)
                origins.append(index)
            } catch {
                park(Change(.insert, table: 0, row: row), chunk.schema, reason: "\(error)", at: chunk.asOf)
            }
        }
        return (routed, origins)
    }

    private func letters(_ outcome: ApplyOutcome, of chunk: Chunk, origins: [Int]) {
        guard !outcome.rejections.isEmpty || parked.holds(chunk.schema.name) else { return }
        let refused = Dictionary(
            outcome.rejections.map { ($0.index, $0.reason) },
            uniquingKeysWith: { first, _ in first }
        )
        for (index, origin) in origins.enumerated() {
            let row = chunk.rows[origin]
            if let reason = refused[index] {
                park(Change(.insert, table: 0, row: row), chunk.schema, reason: reason, at: chunk.asOf)
            } else if let letter = parked.letter(of: chunk.schema.name, key: row.picking(chunk.schema.key)) {
                parked.pass(letter, as: Change(.insert, table: 0, row: row), of: chunk.schema)
            }
        }
    }

    // MARK: Sweeps

    /// Begins to compare the target's keys with the source's, for sources that cannot see deletes.
    func beginSweeps(of names: [TableName]) {
        // With `existing: keep` the target has rows of its own, which the source must not be asked about.
        guard context.settings.existing != .keep else { return }
        for name in names where tables[name]?.progress?.phase == .live && tables[name]?.isPaused == false {
            // One that is under way goes on: an interval shorter than a sweep must not keep it at the beginning.
            if sweeps[name] == nil { sweeps[name] = [.all] }
        }
    }

    private func sweep(_ chunk: Chunk, order: Order) async throws {
        // A table that was emptied since the sweep was due: nothing is deleted because nothing was read.
        if !(order.keys == .all && chunk.isLast && chunk.rowCount == 0) {
            _ = try await target.load(chunk, mode: .sweep)
            try await target.commit(nil, notes: [])
            sweptAt.swept(order.table, asOf: chunk.asOf)
        }
        sweeps[order.table] =
            chunk.isLast ? nil : [KeyRange(lower: chunk.range.upper, upper: order.keys.upper)]
    }

    /// With a run that ends: finds deletes that only a sweep can see, once, before it does.
    ///
    /// - Returns: Whether there is something left to do.
    func sweepBeforeTheEnd(_ goal: inout Position?) async throws -> Bool {
        guard context.settings.capture.sweep != nil, !hasSwept else { return false }
        hasSwept = true
        beginSweeps(of: try await source.sweepable())
        return hasLoads
    }

    // MARK: Ending a load

    /// Ends the loads that the stream has made exactly right.
    func settleLoads() async throws {
        guard !batch.isOpen else { return }
        // Picked out before they are put in order: this comes with every commit, and mostly there are none.
        let caughtUp = tables.filter { !$1.isPaused && $1.progress?.isCaughtUp(at: checkpoint) ?? false }
        for name in caughtUp.keys.sorted() {
            guard var progress = tables[name]?.progress else { continue }
            let left = try await finishLoad(of: name, progress)
            progress.phase = .live
            progress.mode = .replace
            try await target.commit(nil, notes: [try progress.note(for: name)])
            tables[name]?.progress = progress
            leftOut[name] = left.isEmpty ? nil : left
            // What was made now may have rows depend on each other's order.
            try await learnFolding(name)
            show(name)
            context.logger.info("load done", metadata: ["table": "\(name)", "rows": "\(progress.rows)"])
        }
        let isLoading = tables.values.contains { $0.progress?.isReplaying ?? false }
        if !caughtUp.isEmpty, !isLoading { try await makeWhatWasLeftOut() }
        try await beginDueReloads()
    }

    /// Tries once more what could not be made while other tables were still to come, such as foreign keys.
    private func makeWhatWasLeftOut() async throws {
        for (name, former) in leftOut.sorted(by: { $0.key < $1.key }) {
            guard let progress = tables[name]?.progress else { continue }
            let left = try await finishLoad(of: name, progress)
            try await target.commit(nil, notes: [])
            leftOut[name] = left.isEmpty ? nil : left
            if left != former { show(name) }
            for text in left {
                context.logger.warning("left out", metadata: ["table": "\(name)", "reason": "\(text)"])
            }
        }
    }

    /// - Returns: What could not be made.
    private func finishLoad(of name: TableName, _ progress: TableProgress) async throws -> [String] {
        do {
            return try await target.finishLoad(of: try route(for: progress.adopted).output)
        } catch let error as StoreError where error.code == .rejected || error.code == .incompatibleSchema {
            await target.rollback()
            return ["an index could not be made: \(error.message)"]
        }
    }
}
