/// A call of a store or of the ledger, by name.
package enum StoreCall: String, Sendable, Hashable {
    case catalog, inspect, open, progress, remove
    case next, latest, rowCount, ranges, chunk, acknowledge, closeSource
    case schema, isEmpty, permitsFolding, create, alter, finishLoad
    case apply, violation, orphans, load, commit, rollback, makeDurable, closeTarget
    case ledger
}

/// The way of a call to an in-memory store and of its answer back: where delays, outages and deaths happen.
///
/// A call that is stopped while `going` has no effect; one that is stopped while `returning` has had it, and its caller
/// does not learn so.
package struct Passage: Sendable {
    package enum Moment: Sendable, Hashable {
        case going, returning
    }

    private let pass: @Sendable (StoreCall, Moment) async throws -> Void

    package init(_ pass: @escaping @Sendable (StoreCall, Moment) async throws -> Void) {
        self.pass = pass
    }

    /// Nothing happens on the way.
    package static let clear = Passage { _, _ in }

    func callAsFunction(_ call: StoreCall, _ moment: Moment) async throws {
        try await pass(call, moment)
    }

    /// Makes a call: on its way, its effect, on its way back.
    func carry<Result>(_ call: StoreCall, _ effect: () throws -> Result) async throws -> Result {
        try await pass(call, .going)
        let result = try effect()
        try await pass(call, .returning)
        return result
    }
}
