import TallyModel

extension TargetContract {
    private static let checkpoint = Checkpoint(sourceID: "source", position: Position(order: 7, detail: "seven"))

    private func note(_ text: String, _ table: TableName = Thing.name) -> TableNote {
        TableNote(table: table, text: text)
    }

    func showsNothingBeforeTheCommit() async throws {
        let session = try await opened(Thing.row(1, "a", 1))
        _ = try await session.apply(Self.insert(Thing.row(2, "b", 2)), Self.delete(1))
        try insist(try await rows(), is: [Thing.row(1, "a", 1)], "what others see of an open transaction")
        try insist(try await progress() == nil, "what others see of the checkpoint")
        try await session.commit(Self.checkpoint, notes: [])
        try insist(try await rows(), is: [Thing.row(2, "b", 2)], "what others see after the commit")
        try insist(try await progress()?.checkpoint, is: Self.checkpoint, "the checkpoint after the commit")
        await session.close()
    }

    func rollsBack() async throws {
        let session = try await opened(Thing.row(1, "a", 1))
        _ = try await session.apply(Self.insert(Thing.row(2, "b", 2)), Self.delete(1))
        await session.rollback()
        _ = try await session.apply(Self.insert(Thing.row(3, "c", 3)))
        try await insistRows(Thing.row(1, "a", 1), Thing.row(3, "c", 3), after: session)

        let other = try await open()
        _ = try await other.apply(Self.delete(1))
        await other.close()
        try insist(try await rows().count, is: 2, "rows after a session was closed inside a transaction")
    }

    func keepsCheckpointAndNotes() async throws {
        let session = try await opened()
        let archive = TableName("thing", schema: "archive")
        try await session.commit(Self.checkpoint, notes: [note("one"), note("other", archive)])
        try await session.commit(nil, notes: [note("two")])
        await session.close()
        let held = try await progress()
        try insist(held?.checkpoint, is: Self.checkpoint, "a commit without a checkpoint leaves the one there is")
        let notes = Dictionary(uniqueKeysWithValues: (held?.notes ?? []).map { ($0.table, $0.text) })
        try insist(notes, is: [Thing.name: "two", archive: "other"], "the notes")

        let again = try await open()
        try insist(await again.progress.checkpoint, is: Self.checkpoint, "what a new session finds")
        try insist(await again.progress.notes.count, is: 2, "the notes that a new session finds")
        try await again.commit(nil, notes: [note("")])
        await again.close()
        try insist(try await progress()?.notes.map(\.table) ?? [], is: [archive], "an empty text removes a note")
    }

    func isDurable() async throws {
        let session = try await opened(Thing.row(1, "a", 1))
        // It may run beside the others, and again with nothing to do.
        async let first: Void = session.makeDurable()
        _ = try await session.apply(Self.insert(Thing.row(2, "b", 2)))
        try await first
        try await session.commit(Self.checkpoint, notes: [])
        try await session.makeDurable()
        try await session.makeDurable()
        try await insistRows(Thing.row(1, "a", 1), Thing.row(2, "b", 2), after: session)
    }

    // MARK: Runners

    func refusesSecondRunners() async throws {
        let session = try await opened(Thing.row(1, "a", 1))
        try await insistRefusal(.held, of: "a second runner") { try await open().close() }
        _ = try await session.apply(Self.insert(Thing.row(2, "b", 2)))
        try await insistRows(Thing.row(1, "a", 1), Thing.row(2, "b", 2), after: session)
    }

    func fencesFormerRunners() async throws {
        let former = try await opened(Thing.row(1, "a", 1))
        let latter = try await open(takeOver: true)
        try await insistRefusal(.fenced, of: "a commit of a runner that was taken over") {
            _ = try await former.apply(Self.insert(Thing.row(2, "b", 2)))
            try await former.commit(Self.checkpoint, notes: [note("former")])
        }
        await former.close()
        try insist(try await progress() == nil, "a fenced commit leaves no checkpoint and no note")
        _ = try await latter.apply(Self.insert(Thing.row(3, "c", 3)))
        try await insistRows(Thing.row(1, "a", 1), Thing.row(3, "c", 3), after: latter)
    }

    func letsGoWhenClosed() async throws {
        let session = try await opened(Thing.row(1, "a", 1))
        let id = await session.identity.id
        await session.close()
        let next = try await open()
        try insist(await next.identity.id, is: id, "the target's identity")
        try await insistRows(Thing.row(1, "a", 1), after: next)
    }

    func forgetsRemovedFlows() async throws {
        let session = try await opened(Thing.row(1, "a", 1))
        try await session.commit(Self.checkpoint, notes: [note("one")])
        await session.close()
        for _ in 1...2 { try await remove() }
        try insist(try await progress() == nil, "nothing is held of a flow that was removed")
        try insist(try await rows(), is: [Thing.row(1, "a", 1)], "the users' data stays")
    }
}
