import Logging
import TallyModel

/// Dead letters: made durable before the target commits, settled when people ask.
extension FlowSession {
    func makeLettersDurable() async throws {
        let letters = parked.toPark
        guard !letters.isEmpty else { return }
        parked.parked(try await context.ledger.park(letters))
        showLetters()
    }

    func removePassedLetters() async throws {
        let ids = parked.committed().map(\.id).filter { $0 != 0 }
        guard !ids.isEmpty else { return }
        // A letter holds what the source may not say again; a loss of power must not take back the row without it.
        try await target.makeDurable()
        try await context.ledger.removeDeadLetters(ids, why: .superseded)
        showLetters()
    }

    /// Takes the letters of a table that is about to be loaded anew out of the way.
    func forgetLetters(of table: TableName) async throws {
        let letters = parked.letters(of: table)
        guard !letters.isEmpty else { return }
        // A letter that outlived the beginning of the load could bring back a row that has gone, and without its letter
        // a row is not right before the load: so the table is known to need one before the letters go.
        if let progress = tables[table]?.progress {
            try await target.commit(nil, notes: [try progress.paused.note(for: table)])
            try await target.makeDurable()
        }
        try await context.ledger.removeDeadLetters(letters.map(\.id), why: .reloaded)
        for letter in letters { parked.forget(letter) }
        showLetters()
    }

    func showLetters() {
        context.meter.update { $0.deadLetters = parked.count }
        for name in tables.keys { context.meter.table(name) { $0.deadLetters = parked.count(of: name) } }
    }

    /// Does what a person asked for; never inside a batch.
    func answer(_ request: LetterRequest) async {
        do {
            let wanted = parked.all.filter { request.ids?.contains($0.id) ?? true }
            let outcome =
                switch request.wish {
                case .retry: try await retry(wanted)
                case .discard: try await discard(wanted)
                }
            request.reply(.success(outcome))
        } catch {
            await target.rollback()
            request.reply(.failure(error))
        }
    }

    private func discard(_ letters: [DeadLetter]) async throws -> LetterOutcome {
        try await context.ledger.removeDeadLetters(letters.map(\.id), why: .discarded)
        for letter in letters { parked.forget(letter) }
        showLetters()
        return LetterOutcome(settled: letters.map(\.id))
    }

    private func retry(_ letters: [DeadLetter]) async throws -> LetterOutcome {
        let retry = LetterRetry(target: target, settings: context.settings, now: context.options.now)
        let (outcome, refused) = try await retry.run(letters) { [tables] in tables[$0]?.progress }
        try await context.ledger.removeDeadLetters(outcome.settled, why: .retried)
        for letter in letters where outcome.settled.contains(letter.id) { parked.forget(letter) }
        for letter in refused { parked.park(letter) }
        try await makeLettersDurable()
        showLetters()
        return outcome
    }
}
