import TallyModel

extension TargetContract {
    // MARK: Structure

    func makesTables() async throws {
        let session = try await open()
        try insist(try await session.schema(of: Thing.name) == nil, "a table that is not there has no schema")
        try await session.create(Thing.schema)
        try await session.commit(nil, notes: [])
        let made = try await session.schema(of: Thing.name)
        try insist(made?.columns.map(\.name) ?? [], is: ["id", "name", "n"], "the columns")
        try insist(made?.keyColumns.map(\.name) ?? [], is: ["id"], "the key")
        try insist(try await session.isEmpty(Thing.name), "a new table is empty")
        _ = try await session.apply(Self.insert(Thing.row(1, "a", 1)))
        try await session.commit(nil, notes: [])
        try insist(try await !session.isEmpty(Thing.name), "a table with a row is not empty")
        await session.close()
        try insist(try await tables().map(\.name), is: [Thing.name], "the catalog, without Tally's own tables")
    }

    func changesStructure() async throws {
        let session = try await opened(Thing.row(1, "a", 1))
        try await session.alter(
            Thing.name,
            [.add(Column(id: 4, name: "more"), from: nil), .rename(from: "name", to: "title"), .drop(column: "n")]
        )
        try await session.commit(nil, notes: [])
        let made = try await session.schema(of: Thing.name)
        try insist(made?.columns.map(\.name) ?? [], is: ["id", "title", "more"], "the columns")
        try await insistRows(Row([.integer(1), .text("a"), .null]), after: session)
    }

    func finishesLoads() async throws {
        let session = try await opened(Thing.row(1, "a", 1))
        for _ in 1...2 {
            _ = try await session.finishLoad(of: Thing.schema)
            try await session.commit(nil, notes: [])
        }
        try await insistRows(Thing.row(1, "a", 1), after: session)
    }

    // MARK: Changes

    func appliesInOrder() async throws {
        let session = try await opened(Thing.row(1, "a", 1), Thing.row(2, "b", 2))
        let outcome = try await session.apply(
            Self.insert(Thing.row(3, "c", 3)),
            Self.update(Thing.row(1, "x", 10)),
            Self.delete(2),
            Self.insert(Thing.row(2, "again", 20)),
            Self.update(Thing.row(3, "c", 30)),
            Self.delete(1)
        )
        try insist(outcome, is: ApplyOutcome(), "the outcome")
        try await insistRows(Thing.row(2, "again", 20), Thing.row(3, "c", 30), after: session)
    }

    func appliesTwiceAsOnce() async throws {
        let session = try await opened(Thing.row(1, "a", 1), Thing.row(2, "b", 2))
        for _ in 1...2 {
            let outcome = try await session.apply(
                Self.insert(Thing.row(3, "c", 3)),
                Self.update(Thing.row(1, "x", 10)),
                Self.delete(2),
                Self.update(Thing.row(4, "c", 4), from: Thing.key(3))
            )
            try insist(outcome.rejections, is: [], "what is refused")
            try await session.commit(nil, notes: [])
        }
        try await insistRows(Thing.row(1, "x", 10), Thing.row(4, "c", 4), after: session)
    }

    func movesKeys() async throws {
        let session = try await opened(Thing.row(1, "a", 1), Thing.row(2, "b", 2), Thing.row(3, "c", 3))
        // A chain, the last onto a key that has just become free.
        let outcome = try await session.apply(
            Self.update(Thing.row(4, "c", 3), from: Thing.key(3)),
            Self.update(Thing.row(3, "b", 2), from: Thing.key(2)),
            Self.update(Row([.integer(2), nil, .integer(9)]), from: Thing.key(1))
        )
        try insist(outcome, is: ApplyOutcome(), "the outcome")
        try await insistRows(Thing.row(2, "a", 9), Thing.row(3, "b", 2), Thing.row(4, "c", 3), after: session)
    }

    func truncates() async throws {
        let session = try await opened(Thing.row(1, "a", 1), Thing.row(2, "b", 2))
        let truncate = Change(.truncate, table: 0, row: Row([]))
        try insist(try await session.apply(truncate, Self.insert(Thing.row(1, "new", 1))).rejections, is: [], "refused")
        try await insistRows(Thing.row(1, "new", 1), after: session)
    }

    func leavesAbsentValues() async throws {
        let session = try await opened(Thing.row(1, "a", 1), Thing.row(2, "b", 2))
        let outcome = try await session.apply(
            Self.update(Row([.integer(1), nil, .integer(10)])),
            Self.update(Row([.integer(2), .null, nil]))
        )
        try insist(outcome, is: ApplyOutcome(), "the outcome")
        try await insistRows(Thing.row(1, "a", 10), Row([.integer(2), .null, .integer(2)]), after: session)
    }

    func countsMended() async throws {
        let session = try await opened(Thing.row(1, "a", 1))
        let outcome = try await session.apply(
            Self.insert(Thing.row(1, "x", 10)),
            Self.update(Thing.row(5, "e", 5)),
            Self.delete(77)
        )
        try insist(outcome, is: ApplyOutcome(mended: 3), "the outcome")
        try await insistRows(Thing.row(1, "x", 10), Thing.row(5, "e", 5), after: session)
    }

    func countsNothingWhileReplaying() async throws {
        let session = try await opened(Thing.row(1, "a", 1))
        let outcome = try await session.apply(
            Self.insert(Thing.row(1, "x", 10)),
            Self.update(Thing.row(5, "e", 5)),
            Self.update(Row([.integer(6), nil, .integer(6)])),
            Self.delete(77),
            replaying: true
        )
        try insist(outcome, is: ApplyOutcome(), "the outcome")
        try await insistRows(Thing.row(1, "x", 10), Thing.row(5, "e", 5), after: session)
    }

    func rejectsOneRowAlone() async throws {
        let session = try await opened(Thing.row(1, "a", 1))
        let outcome = try await session.apply(
            Self.insert(Thing.row(2, "b", 2)),
            Self.insert(Row([.null, .text("no key"), .integer(0)])),
            Self.update(Row([.integer(9), nil, .integer(9)])),
            Self.update(Thing.row(1, "x", 10))
        )
        try insist(outcome.rejections.map(\.index), is: [1, 2], "the changes that are refused")
        try insist(outcome.rejections.allSatisfy { !$0.reason.isEmpty }, "each refusal has its reason")
        let loaded = try await session.load(
            Self.chunk([Row([.null, .text("no key"), .integer(0)]), Thing.row(3, "c", 3)]),
            mode: .add
        )
        try insist(loaded.rejections.map(\.index), is: [0], "the rows of a chunk that are refused")
        try await insistRows(Thing.row(1, "x", 10), Thing.row(2, "b", 2), Thing.row(3, "c", 3), after: session)
    }

    // MARK: Chunks

    func addsRows() async throws {
        let session = try await opened(Thing.row(1, "old", 1), Thing.row(9, "own", 9))
        let chunk = Self.chunk([Thing.row(1, "new", 10), Thing.row(2, "b", 2)])
        for _ in 1...2 { try insist(try await session.load(chunk, mode: .add).rejections, is: [], "what is refused") }
        try await insistRows(Thing.row(1, "new", 10), Thing.row(2, "b", 2), Thing.row(9, "own", 9), after: session)
    }

    func addsRowsBeside() async throws {
        let session = try await opened(Thing.row(1, "old", 1))
        guard session.loadsBeside else { return await session.close() }
        let chunks = (0..<4 as Range<Int64>).map { part in
            Self.chunk((1...50 as ClosedRange<Int64>).map { Thing.row(part * 50 + $0, "new", part) })
        }
        // Beside each other, beside the session's own call, and twice as though the note of the first had been lost.
        for _ in 1...2 {
            try await withThrowingTaskGroup(of: ApplyOutcome.self) { group in
                for chunk in chunks[1...] { group.addTask { try await session.load(beside: chunk) } }
                try insist(try await session.load(chunks[0], mode: .add).rejections, is: [], "what is refused")
                for try await outcome in group { try insist(outcome.rejections, is: [], "what is refused beside it") }
            }
            try await session.commit(nil, notes: [])
        }
        try insist(try await rows(), is: chunks.flatMap(\.rows), "the rows that were written beside each other")
        let latter = try await open(takeOver: true)
        try await insistRefusal(.fenced, .unreachable, of: "a chunk of a runner that was taken over") {
            _ = try await session.load(beside: Self.chunk([Thing.row(1000, "late", 0)]))
        }
        await session.close()
        try insist(try await rows().count, is: 200, "rows after a chunk of a runner that was taken over")
        await latter.close()
    }

    func replacesRanges() async throws {
        let rows = (1...6 as ClosedRange<Int64>).map { Thing.row($0, "old", $0) }
        let session = try await opened(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5])
        // After 2, up to and including 5.
        let range = KeyRange(lower: Thing.key(2), upper: Thing.key(5))
        let chunk = Self.chunk([Thing.row(4, "new", 40)], range, isLast: false)
        for _ in 1...2 { try insist(try await session.load(chunk, mode: .replace).rejections, is: [], "refused") }
        try await insistRows(rows[0], rows[1], Thing.row(4, "new", 40), rows[5], after: session)
    }

    func sweepsRanges() async throws {
        let session = try await opened(Thing.row(1, "a", 1), Thing.row(2, "b", 2), Thing.row(3, "c", 3))
        let keys = [Row([.integer(1), nil, nil])]
        let chunk = Self.chunk(keys, KeyRange(upper: Thing.key(2)), isLast: false)
        try insist(try await session.load(chunk, mode: .sweep), is: ApplyOutcome(), "the outcome")
        try await insistRows(Thing.row(1, "a", 1), Thing.row(3, "c", 3), after: session)
    }
}
