public import TallyModel
import TallyTransform

extension FlowStatus {
    /// A flow that no process runs, as its target's notes and the ledger know it.
    ///
    /// - Parameter stop: What ended it, where that still stands in its way.
    /// - Throws: ``StoreError`` with code `damaged` for notes that cannot be read.
    public init(
        notRunning settings: FlowSettings,
        source: String,
        target: String,
        progress: FlowProgress?,
        pauses: [Pause],
        deadLetters: [DeadLetter],
        stop: FlowStop? = nil
    ) throws {
        self.init(flow: settings.name, source: source, target: target)
        phase = .notRunning
        objectiveSeconds = settings.lag?.seconds
        position = progress?.checkpoint?.position.description
        self.deadLetters = deadLetters.count
        if let stop {
            phase = .stopped
            message = stop.reason
            errorCode = stop.code
        }
        if let pause = pauses.first(where: { $0.table == nil }) {
            phase = .paused
            message = pause.reason
            errorCode = nil
        }
        for note in (progress?.notes ?? []).sorted(by: { $0.table < $1.table }) {
            let progress = try TableProgress(note)
            guard settings.tables.contains(note.table) else { continue }
            let name = settings.transforms[note.table]?.table.map { TableName($0) } ?? note.table
            var table = TableStatus(
                table: note.table.description,
                target: name.description,
                phase: progress.statusPhase
            )
            table.rowsLoaded = progress.rows
            table.rowsTotal = progress.total
            table.deadLetters = deadLetters.count { $0.table == note.table }
            if let pause = pauses.first(where: { $0.table == note.table }) {
                table.phase = .paused
                table.message = pause.reason
            }
            tables.append(table)
        }
    }
}

extension TableProgress {
    var statusPhase: TableStatus.Phase {
        switch phase {
        case .loading: .loading
        case .catchingUp: .catchingUp
        case .live: .live
        case .paused: .paused
        case .dropped: .dropped
        }
    }
}
