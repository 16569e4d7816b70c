import TallyModel

extension TargetContract {
    func tellsViolations() async throws {
        let session = try await opened(Thing.row(1, "a", 1), Thing.row(2, "b", 2))
        try await makeUnique("name")
        try insist(try await session.apply(Self.insert(Thing.row(3, "c", 3))), is: ApplyOutcome(), "the outcome")

        let swap = Self.slice([
            Self.update(Thing.row(1, "b", 1)), Self.update(Thing.row(2, "a", 2)), Self.update(Thing.row(3, "z", 9)),
            Self.insert(Row([.null, .text("no key"), .integer(0)])), Self.delete(1), Self.insert(Thing.row(4, "c", 4)),
        ])
        var found: [Violation?] = []
        for index in swap.changes.indices { found.append(try await session.violation(of: index, in: swap)) }
        try insist(found.map { $0?.kind }, is: [.unique, .unique, nil, .notNull, nil, .unique], "what is violated")
        try insist(found[0]?.columns ?? [], is: ["name"], "the columns of the first")
        try insist(found[3]?.columns ?? [], is: ["id"], "the columns of the row without a key")
        try insist(
            found.map { $0?.obstacles ?? [] },
            is: [[Thing.key(2)], [Thing.key(1)], [], [], [], [Thing.key(3)]],
            "who holds the values"
        )
        try insist(found.compactMap { $0?.reason }.allSatisfy { !$0.isEmpty }, "each has its reason")
        try insist(try await session.orphans(of: swap), is: [], "rows whose foreign keys name nothing")

        // As the transaction stands.
        try insist(try await session.apply(Self.delete(2)), is: ApplyOutcome(), "the outcome")
        try insist(try await session.violation(of: 0, in: swap) == nil, "what is in nobody's way any more")
        try await insistRows(Thing.row(1, "a", 1), Thing.row(3, "c", 3), after: session)
    }
}
