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
