import TallyEngine

/// Flows in the states that reports have to show.
enum Samples {
    static let live: FlowStatus = {
        var status = FlowStatus(flow: "shop-to-reports", source: "sqlite shop.db", target: "sqlite reports.db")
        status.phase = .live
        status.position = "1042"
        status.lagSeconds = 0.012
        status.worstLagSeconds = 2.5
        status.objectiveSeconds = 2
        status.changes = 48_210
        status.changesPerSecond = 1203.6
        status.batches = 310
        status.retries = 2
        status.deadLetters = 3
        var customers = TableStatus(table: "customers", target: "kunden", phase: .live)
        customers.rowsLoaded = 10_000
        customers.rowsTotal = 9_990
        customers.inserts = 1204
        customers.updates = 88
        customers.deletes = 3
        customers.deadLetters = 3
        var notes = TableStatus(table: "archive.notes", target: "archive.notes", phase: .paused)
        notes.message = "column «text» was dropped; `tally resume shop-to-reports archive.notes` goes on without it"
        status.tables = [customers, notes]
        return status
    }()

    static let loading: FlowStatus = {
        var status = FlowStatus(flow: "copy", source: "sqlite a.db", target: "sqlite b.db")
        status.phase = .loading
        status.position = "7"
        status.changesPerSecond = 0
        status.batches = 1
        status.changes = 1
        var orders = TableStatus(table: "orders", target: "orders", phase: .loading)
        orders.rowsLoaded = 120_000
        orders.rowsTotal = 1_000_000
        orders.rowsPerSecond = 84_000
        orders.secondsLeft = 10.4
        var lines = TableStatus(table: "order_lines", target: "order_lines", phase: .waiting)
        lines.rowsTotal = nil
        status.tables = [orders, lines]
        return status
    }()

    static let retrying: FlowStatus = {
        var status = FlowStatus(flow: "away", source: "sqlite a.db", target: "sqlite b.db")
        status.phase = .retrying
        status.message = "b.db: the disk is full; make room, and Tally goes on by itself"
        status.errorCode = "outOfSpace"
        status.attempts = 4
        status.retries = 4
        status.secondsToNextAttempt = 3.2
        return status
    }()

    static let notRunning: FlowStatus = {
        var status = FlowStatus(flow: "copy", source: "sqlite a.db", target: "sqlite b.db")
        status.phase = .notRunning
        status.position = "4"
        var orders = TableStatus(table: "orders", target: "orders", phase: .live)
        orders.rowsLoaded = 1000
        status.tables = [orders]
        return status
    }()
}
