import TallyEngine
import TallyModel
import Testing

struct InboxTests {
    private func event(_ bytes: Int) -> StreamEvent {
        .slice(Slice(tables: [], changes: [], end: nil, byteCount: bytes))
    }

    @Test func eventsWaitOnlyAsFarAsTheBudgetGoes() async throws {
        let inbox = Inbox(budget: ByteCount(100))
        try await inbox.offer(event(60))
        try await inbox.offer(event(40))
        let third = Task { try await inbox.offer(event(1)) }
        // The third is let in only when something was taken; cancelled, it is not let in at all.
        third.cancel()
        await #expect(throws: CancellationError.self) { try await third.value }
        var taken = 0
        while inbox.take() != nil { taken += 1 }
        #expect(taken == 2)
    }

    @Test func aReaderThatWaitsGoesOnWhenHalfTheBudgetIsFree() async throws {
        let inbox = Inbox(budget: ByteCount(100))
        try await inbox.offer(event(100))
        async let waiting: Void = inbox.offer(event(100))
        #expect(inbox.take() != nil)
        try await waiting
        #expect(inbox.hasEvent)
    }

    @Test func anEventLargerThanTheBudgetStillMoves() async throws {
        let inbox = Inbox(budget: ByteCount(10))
        try await inbox.offer(event(1000))
        #expect(inbox.take() != nil)
        #expect(!inbox.hasEvent)
    }

    @Test func stoppingComesBeforeAllElse() async throws {
        let inbox = Inbox(budget: ByteCount(100))
        try await inbox.offer(event(1))
        inbox.poke()
        inbox.stop()
        guard case .stop? = inbox.take() else {
            Issue.record("something else came first")
            return
        }
    }

    @Test func wishesWaitForTheEndOfATransaction() async throws {
        let inbox = Inbox(budget: ByteCount(100))
        try await inbox.offer(event(1))
        inbox.poke()
        guard case .event? = inbox.take(inTransaction: true), case .reconsider? = inbox.take() else {
            Issue.record("the wish did not wait")
            return
        }
    }

    @Test func aFailureComesAfterEveryEvent() async throws {
        let inbox = Inbox(budget: ByteCount(100))
        try await inbox.offer(event(1))
        inbox.fail(StoreError(.unreachable, "gone"))
        guard case .event? = inbox.take(), case .failed? = inbox.take() else {
            Issue.record("the failure came first")
            return
        }
    }

    @Test func slicesThatWaitBehindOneAreTakenWithItUpToTheNextOfAnotherKind() async throws {
        let inbox = Inbox(budget: ByteCount.mebibytes(1))
        let slices = (1...4).map { Samples.slice([Samples.insert(Int64($0), 0)], end: UInt64($0)) }
        for slice in slices[..<3] { try await inbox.offer(.slice(slice)) }
        try await inbox.offer(.notice("something"))
        try await inbox.offer(.slice(slices[3]))
        guard case .event(.slice(let first))? = inbox.take() else {
            Issue.record("no slice came")
            return
        }
        #expect(inbox.takeSlices(after: first).map(\.end?.position.order) == [2, 3])
        #expect(inbox.takeSlices(after: first).isEmpty)
        guard case .event(.notice)? = inbox.take(), case .event(.slice)? = inbox.take(), inbox.take() == nil else {
            Issue.record("what waited did not come in order")
            return
        }
    }

    @Test func theBeginningOfALargeTransactionIsNotTakenWithWhatWasComplete() async throws {
        let inbox = Inbox(budget: ByteCount.mebibytes(1))
        let complete = Samples.slice([Samples.insert(1, 0)], end: 1)
        for slice in [complete, complete, Samples.slice([Samples.insert(2, 0)], end: nil), complete] {
            try await inbox.offer(.slice(slice))
        }
        #expect(inbox.take() != nil)
        #expect(inbox.takeSlices(after: complete).count == 1)
    }

    @Test func slicesAreTakenTogetherOnlyAsFarAsATargetGainsByIt() async throws {
        let inbox = Inbox(budget: ByteCount.mebibytes(64))
        let half = Slice(
            tables: [],
            changes: [],
            end: Commit(position: Position(order: 1)),
            byteCount: BatchPolicy.enough.bytes / 2
        )
        for _ in 1...4 { try await inbox.offer(.slice(half)) }
        #expect(inbox.take() != nil)
        #expect(inbox.takeSlices(after: half).count == 1)
    }
}

struct SliceJoiningTests {
    private let others = TableSchema(
        name: TableName("others"),
        columns: Samples.items.columns,
        key: [0]
    )

    private func moved(_ change: Change, to table: Int) -> Change {
        var change = change
        change.table = table
        return change
    }

    @Test func changesKeepTheirOrderAndTheirTables() {
        var slice = Samples.slice([Samples.insert(1, 0)], end: 5)
        slice.join(
            Slice(
                tables: [others, Samples.items],
                changes: [Samples.insert(2, 0), moved(Samples.insert(3, 0), to: 1)],
                end: Commit(position: Position(order: 6), time: Timestamp(microseconds: 7)),
                byteCount: 10
            )
        )
        #expect(slice.tables.map(\.name.name) == ["items", "others"])
        #expect(slice.changes.map { slice.tables[$0.table].name.name } == ["items", "others", "items"])
        #expect(slice.changes.map { $0.row[0] } == [.integer(1), .integer(2), .integer(3)])
        #expect(slice.end == Commit(position: Position(order: 6), time: Timestamp(microseconds: 7)))
    }

    @Test func noSliceHasATableInTwoStructures() async throws {
        var changed = Samples.items
        changed.version = 2
        let inbox = Inbox(budget: ByteCount.mebibytes(1))
        let before = Samples.slice([Samples.insert(1, 0)])
        let between = Samples.slice([Samples.insert(1, 0)], of: others)
        for slice in [before, between, Samples.slice([Samples.insert(2, 0)], of: changed)] {
            try await inbox.offer(.slice(slice))
        }
        #expect(inbox.take() != nil)
        #expect(inbox.takeSlices(after: before).map { $0.tables[0].name.name } == ["others"])
        #expect(inbox.hasEvent)
    }

    @Test func theEndIsTheLastOnesWithTheTimeOfTheEarliest() {
        func end(_ order: UInt64, _ time: Int64?) -> Slice {
            let time = time.map { Timestamp(microseconds: $0) }
            return Slice(
                tables: [],
                changes: [],
                end: Commit(position: Position(order: order), time: time),
                byteCount: 1
            )
        }
        var slice = end(1, 100)
        slice.join(end(2, 200))
        slice.join(end(3, nil))
        #expect(slice.end == Commit(position: Position(order: 3), time: Timestamp(microseconds: 100)))
    }
}

struct BatchPolicyTests {
    @Test func aBatchEndsWhenNothingMoreIsReady() {
        var policy = BatchPolicy()
        policy.applied(Samples.slice([Samples.insert(1, 1)]))
        #expect(policy.shouldCommit(atEnd: true, moreIsReady: false))
        #expect(!policy.shouldCommit(atEnd: true, moreIsReady: true))
    }

    @Test func aBatchNeverEndsInsideATransaction() {
        var policy = BatchPolicy()
        policy.applied(Slice(tables: [], changes: [], end: nil, byteCount: BatchPolicy.enough.bytes * 10))
        #expect(!policy.shouldCommit(atEnd: false, moreIsReady: false))
    }

    @Test func enoughIsEnoughThoughMoreIsReady() {
        var policy = BatchPolicy()
        policy.applied(Slice(tables: [], changes: [], end: nil, byteCount: BatchPolicy.enough.bytes))
        #expect(policy.shouldCommit(atEnd: true, moreIsReady: true))
        policy.committed()
        #expect(!policy.isOpen)
    }
}
