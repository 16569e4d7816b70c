import Foundation
import TallyModel

/// Opens the log of one flow: finds out whether and where it can go on, and makes what is missing.
struct LogOpening {
    let label: String
    let control: PostgresConnection
    let replication: PostgresConnection
    let request: CaptureRequest
    let observer: MilestoneObserver?

    /// What the stream needs to begin.
    struct Result {
        var facts: ServerFacts
        var name: String
        var start: UInt64
        /// The tables whose changes are in the stream from its start on.
        var tables: [PostgresTable]
        /// Where the catalog was read that they come from.
        var catalogPosition: UInt64
        /// Whether every selected table can travel in binary form.
        var permitsBinary: Bool
    }

    func run() throws -> Result {
        let facts = try ServerFacts(control: control, replication: replication)
        guard facts.walLevel == "logical" else {
            throw StoreError(
                .unsupported,
                "\(label): the server's wal_level is \(facts.walLevel), so that its log does not tell rows; run "
                    + "`ALTER SYSTEM SET wal_level = logical`, restart the server"
                    + (request.group == nil ? ", or write `capture: trigger`" : "")
            )
        }
        if request.group != nil, let problem = MemberVersion.problem(with: facts.version) {
            throw StoreError(.unsupported, "\(label): \(problem.message); \(problem.remedy)")
        }
        let name = CaptureName(request.consumer, database: facts.database).text
        let publication = Publication(name, in: control)
        let catalog = try PostgresCatalog.read(in: control, selecting: request.tables, detail: .definition)
        let selected = try PartitionReading(connection: control).note(
            in: catalog.tables.filter { $0.publicationProblem(on: facts) == nil }
        )
        var result = Result(
            facts: facts,
            name: name,
            start: 0,
            tables: selected,
            catalogPosition: catalog.position,
            permitsBinary: facts.hasStreaming && selected.allSatisfy(\.hasBinaryForm)
        )
        if let checkpoint = request.checkpoint {
            let published = try publication.tables()
            try check(checkpoint, facts, name, hasPublication: published != nil)
            try awaitRelease(of: name)
            result.start = checkpoint.position.order
            // Others are taken up by ``TableWatch``, as tables that are new.
            result.tables = selected.filter { published?.contains($0.oid) == true }
        } else {
            result.start = try install(selected, facts, publication)
        }
        return result
    }

    /// Makes sure that the log could be opened at the request's checkpoint. Changes nothing.
    func verify() throws {
        guard let checkpoint = request.checkpoint else { return }
        let facts = try ServerFacts(control: control, replication: replication)
        let name = try CaptureName.find(request.consumer, database: facts.database, in: control)
        try check(checkpoint, facts, name, hasPublication: try Publication(name, in: control).tables() != nil)
    }

    private func check(_ checkpoint: Checkpoint, _ facts: ServerFacts, _ name: String, hasPublication: Bool) throws {
        let check = HistoryCheck(
            label: label,
            facts: facts,
            end: try LogEnd.inserted(in: control),
            slot: try ReplicationSlot.find(name, in: control),
            hasPublication: hasPublication,
            history: {
                let file = try replication.execute("TIMELINE_HISTORY \(facts.timeline)")
                return HistoryCheck.TimelineHistory(file.text(0, 1) ?? "")
            }
        )
        try check.check(checkpoint, slotName: name)
    }

    /// A process of the server that served a run which ended just now needs a moment to notice.
    private func awaitRelease(of name: String) throws {
        for _ in 0..<60 {
            guard try ReplicationSlot.find(name, in: control)?.activeProcess != nil else { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
        guard let slot = try ReplicationSlot.find(name, in: control), slot.activeProcess != nil else { return }
        throw StoreError(
            .busy,
            "\(label): the replication slot \(name) is being read by \(try slot.holder(in: control)); Tally tries again"
        )
    }

    private func install(_ tables: [PostgresTable], _ facts: ServerFacts, _ publication: Publication) throws -> UInt64 {
        try ReplicationSlot.drop(publication.name, in: control)
        try publication.drop()
        // First the publication: what the log holds from before it cannot be read with it.
        try publication.create(
            for: tables,
            flow: request.consumer.flow,
            viaRoot: facts.publishesPartitionedTables
        )
        observer?(.captureInstalling)
        return try createSlot(publication.name, facts)
    }

    /// Makes the slot, and says meanwhile what the server waits for with it.
    private func createSlot(_ name: String, _ facts: ServerFacts) throws -> UInt64 {
        // A wait that nobody ends is begun anew, so that a run that gives up after some attempts does.
        try control.execute("SET lock_timeout = '5min'")
        let wait = SlotWait(process: control.serverProcess, connection: replication)
        var told: String?
        defer { if told != nil { request.waiting(nil) } }
        return try ReplicationSlot.create(name, facts: facts, in: control) {
            let reason = "\(label): \(try wait.reason())"
            guard reason != told else { return }
            told = reason
            request.waiting(reason)
        }
    }
}
