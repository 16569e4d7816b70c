import TallyModel

/// Decides whether the stream can go on exactly from a checkpoint.
struct HistoryCheck {
    /// The timelines that the server's one grew from, each with where it was left.
    struct TimelineHistory {
        private let switches: [(timeline: UInt32, end: UInt64)]

        /// Reads a history file (https://www.postgresql.org/docs/current/continuous-archiving.html, "Timelines").
        init(_ text: String) {
            switches = text.split(separator: "\n").compactMap { line in
                let words = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
                guard words.count >= 2, let timeline = UInt32(words[0]), let end = LSN.parse(String(words[1])) else {
                    return nil
                }
                return (timeline, end)
            }
        }

        func end(of timeline: UInt32) -> UInt64? { switches.first { $0.timeline == timeline }?.end }
    }

    let label: String
    let facts: ServerFacts
    /// Where the server's log ends.
    let end: UInt64
    let slot: ReplicationSlot?
    let hasPublication: Bool
    /// Asked only where the server's timeline is not the checkpoint's.
    let history: () throws -> TimelineHistory

    /// - Throws: ``StoreError`` with the name of what is wrong.
    func check(_ checkpoint: Checkpoint, slotName: String) throws {
        guard checkpoint.sourceID == facts.sourceID else {
            throw StoreError(
                .sourceReplaced,
                "\(label) is another database than the one that was read before (that was \(checkpoint.sourceID), "
                    + "this is \(facts.sourceID))",
                remedy: .putBackOrBeginAgain
            )
        }
        try checkDirection(checkpoint.position)
        guard let slot else {
            throw lost("the replication slot \(slotName) is gone, and with it the log since the checkpoint")
        }
        guard slot.plugin == "pgoutput", slot.database == facts.database else {
            throw lost("the replication slot \(slotName) is not the one Tally made: drop it")
        }
        if slot.walStatus == "lost" {
            throw lost(
                "the server has removed log that the replication slot \(slotName) needed (max_slot_wal_keep_size)"
            )
        }
        guard slot.confirmed <= checkpoint.position.order else {
            throw lost(
                "the replication slot \(slotName) has moved on to \(LSN.text(slot.confirmed)), past the checkpoint at "
                    + "\(LSN.text(checkpoint.position.order)): something else read from it, or whoever reads it went "
                    + "back to a backup"
            )
        }
        guard hasPublication else {
            throw lost(
                "the publication \(slotName) is gone, without which the server's log since the checkpoint cannot be "
                    + "read"
            )
        }
    }

    private func checkDirection(_ position: Position) throws {
        if position.order > end {
            throw backwards(
                "its log ends at \(LSN.text(end)), before the checkpoint at \(LSN.text(position.order))"
            )
        }
        guard let timeline = UInt32(position.detail), timeline != facts.timeline else { return }
        guard timeline < facts.timeline, let left = try history().end(of: timeline) else {
            throw backwards("its timeline \(facts.timeline) does not descend from the checkpoint's, \(timeline)")
        }
        guard position.order <= left else {
            throw backwards(
                "timeline \(facts.timeline) left the checkpoint's, \(timeline), at \(LSN.text(left)), before the "
                    + "checkpoint at \(LSN.text(position.order)): what was committed between is not in it"
            )
        }
    }

    private func lost(_ what: String) -> StoreError {
        StoreError(.historyLost, "\(label): \(what)", remedy: .beginAgain)
    }

    private func backwards(_ why: String) -> StoreError {
        StoreError(
            .historyWentBackwards,
            "\(label) was restored from an older backup, or a standby that lacked the latest commits took over: \(why)",
            remedy: .beginAgain
        )
    }
}
