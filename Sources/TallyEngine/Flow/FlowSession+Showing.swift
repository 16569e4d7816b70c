import TallyModel

/// What a session shows of its tables.
extension FlowSession {
    func showTables() {
        let rows = tables.sorted { $0.key < $1.key }.map { name, state in
            TableStatus(table: name.description, target: state.target.description, phase: .waiting)
        }
        context.meter.update { status in
            let earlier = Dictionary(uniqueKeysWithValues: status.tables.map { ($0.table, $0) })
            status.tables = rows.map { earlier[$0.table] ?? $0 }
        }
        for name in tables.keys { show(name) }
    }

    func show(_ table: TableName) {
        guard let state = tables[table] else { return }
        let left = leftOut[table]?.joined(separator: "; ")
        context.meter.table(table) { status in
            status.target = state.target.description
            status.phase = state.statusPhase
            status.message = state.isPaused ? state.pauseReason : left
            status.rowsLoaded = state.progress?.rows ?? 0
            status.rowsTotal = state.progress?.total
        }
    }
}

extension TableState {
    fileprivate var statusPhase: TableStatus.Phase { isPaused ? .paused : progress?.statusPhase ?? .waiting }
}
