public import TallyModel
import TallyTransform

/// Tries dead letters again: in a session between two batches, or by a command while no flow runs.
public struct LetterRetry {
    private let target: any TargetSession
    private let settings: FlowSettings
    private let now: WallClock

    public init(target: any TargetSession, settings: FlowSettings, now: @escaping WallClock) {
        self.target = target
        self.settings = settings
        self.now = now
    }

    /// Tries letters again, each in a transaction of its own, by the target's notes: for when no session is open.
    ///
    /// - Returns: What became of them, and the refused ones with their new reasons, for the ledger.
    public func run(_ letters: [DeadLetter]) async throws -> (LetterOutcome, refused: [DeadLetter]) {
        var progress: [TableName: TableProgress] = [:]
        for note in await target.progress.notes { progress[note.table] = try TableProgress(note) }
        return try await run(letters) { progress[$0] }
    }

    func run(
        _ letters: [DeadLetter],
        progress: (TableName) -> TableProgress?
    ) async throws -> (LetterOutcome, refused: [DeadLetter]) {
        var outcome = LetterOutcome()
        var refused: [DeadLetter] = []
        for letter in letters {
            // Each in a transaction of its own: what one of them breaks is not the others' business.
            if let reason = try await apply(letter, progress(letter.table)) {
                await target.rollback()
                outcome.refused.append(letter.id)
                var letter = letter
                letter.reason = reason
                letter.lastSeen = now()
                refused.append(letter)
            } else {
                try await target.commit(nil, notes: [])
                outcome.settled.append(letter.id)
            }
        }
        if !outcome.settled.isEmpty { try await target.makeDurable() }
        return (outcome, refused)
    }

    /// - Returns: Why the letter was refused again; `nil` when it was taken.
    private func apply(_ letter: DeadLetter, _ progress: TableProgress?) async throws -> String? {
        do {
            let route = try Route(
                letter.schema,
                adopted: progress?.adopted ?? letter.schema,
                ignored: progress?.ignored ?? [],
                settings: settings.transforms[letter.table] ?? TransformSettings()
            )
            let change = try route.change(letter.change)
            let slice = Slice(tables: [route.output], changes: [change], end: nil, byteCount: change.byteCount)
            return try await target.apply(slice, replaying: []).rejections.first?.reason
        } catch let failure as TransformFailure {
            return "\(failure)"
        } catch let error as StoreError where error.code == .missingTable || error.code == .incompatibleSchema {
            return error.message
        }
    }
}
