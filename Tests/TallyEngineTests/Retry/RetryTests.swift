import TallyEngine
import TallyModel
import Testing

struct RetryPolicyTests {
    private let settings = RetrySettings(first: .milliseconds(100), most: .seconds(30))

    @Test func theBoundDoublesUntilItReachesTheMost() {
        var policy = RetryPolicy(settings: settings)
        let bounds = (0..<12).map { _ in policy.failed(draw: 1) }
        #expect(bounds.prefix(4) == [.milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800)])
        #expect(bounds.suffix(3) == [.seconds(30), .seconds(30), .seconds(30)])
    }

    @Test func theWaitIsDrawnFromZeroToTheBound() {
        var policy = RetryPolicy(settings: settings)
        #expect(policy.failed(draw: 0) == .zero)
        #expect(policy.failed(draw: 0.5) == .milliseconds(100))
    }

    @Test func successBeginsAnew() {
        var policy = RetryPolicy(settings: settings)
        for _ in 0..<5 { _ = policy.failed(draw: 1) }
        policy.succeeded()
        #expect(policy.attempts == 0)
        #expect(policy.failed(draw: 1) == .milliseconds(100))
    }

    @Test func aMillionFailuresDoNotOverflow() {
        var policy = RetryPolicy(settings: settings)
        for _ in 0..<1_000_000 { _ = policy.failed(draw: 1) }
        #expect(policy.failed(draw: 1) == .seconds(30))
    }
}

struct DispositionTests {
    private static let table = TableName("orders")

    /// Every code, with and without a table.
    @Test(arguments: [
        (StoreError.Code.unreachable, Disposition.retry, Disposition.retry),
        (.busy, .retry, .retry), (.outcomeUnknown, .retry, .retry), (.outOfSpace, .retry, .retry),
        (.readOnly, .retry, .retry), (.denied, .stop, .stop), (.rejected, .stop, .stop),
        (.missingTable, .stop, .pauseTable(table)), (.incompatibleSchema, .stop, .pauseTable(table)),
        (.historyLost, .stop, .stop), (.historyWentBackwards, .stop, .stop), (.sourceReplaced, .stop, .stop),
        (.held, .stop, .stop), (.fenced, .stop, .stop), (.damaged, .stop, .stop), (.unsupported, .stop, .stop),
        (.unknown, .stop, .stop),
    ])
    func everyCodeHasItsDisposition(code: StoreError.Code, alone: Disposition, ofTable: Disposition) {
        #expect(Disposition(for: StoreError(code, "x")) == alone)
        #expect(Disposition(for: StoreError(code, "x", table: Self.table)) == ofTable)
    }

    @Test func anErrorThatNobodyKnowsStopsTheFlow() {
        struct Strange: Error {}
        #expect(Disposition(for: Strange()) == .stop)
    }

    @Test(arguments: [
        (Duration.microseconds(84_600), "85 ms"), (.zero, "0 ms"), (.milliseconds(12_345), "12.3 s"),
        (.seconds(90), "90.0 s"),
    ])
    func aWaitIsLoggedInRoundNumbers(wait: Duration, words: String) {
        #expect(wait.inWords == words)
    }
}
