import TallyModel
import TallyTransform

/// What a session shows of its tables.
extension FlowSession {
    func showTables() {
        let followed = tables.map { name, state in
            (name, TableStatus(table: name.description, target: state.target.description, phase: .waiting))
        }
        let gone = retired.filter { tables[$0.key] == nil && context.settings.tables.contains($0.key) }.map {
            name,
            held in
            let target = context.transform(of: name).table ?? name.description
            var status = TableStatus(table: name.description, target: target, phase: .dropped)
            status.message = TableState.goneMessage
            status.rowsLoaded = held.rows
            return (name, status)
        }
        let rows = (followed + gone).sorted { $0.0 < $1.0 }.map(\.1)
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
            status.message = state.isPaused ? state.pauseReason : state.isGone ? TableState.goneMessage : left
            status.rowsLoaded = state.progress?.rows ?? 0
            status.rowsTotal = state.progress?.total
        }
    }
}

extension TableState {
    fileprivate var statusPhase: TableStatus.Phase { isPaused ? .paused : progress?.statusPhase ?? .waiting }
}
