import Foundation
import Synchronization
import TallyEngine
import TallyService

/// A node of one flow, `shop`, with two dead letters; remembers what it was asked.
final class FakeNode: ControlledNode {
    private let log = Mutex<[String]>([])

    var calls: [String] { log.withLock { $0 } }

    static let status: FlowStatus = {
        var status = FlowStatus(flow: "shop", source: "sqlite shop.db", target: "sqlite copy.db")
        status.phase = .live
        status.position = "42"
        status.lagSeconds = 0.25
        var table = TableStatus(table: "orders", target: "orders", phase: .live)
        table.rowsLoaded = 10
        status.tables = [table]
        return status
    }()

    static let letters = [1, 2].map { id in
        DeadLetterSummary(
            id: id,
            flow: "shop",
            table: "orders",
            operation: "insert",
            reason: "CHECK constraint failed: «positive»",
            changes: 3,
            firstSeen: Date(timeIntervalSince1970: 1_700_000_000.25),
            lastSeen: Date(timeIntervalSince1970: 1_700_000_001),
            position: "42"
        )
    }

    static let detail = DeadLetterDetail(
        summary: letters[0],
        key: [DeadLetterDetail.Cell(column: "id", value: "7")],
        columns: ["id", "note"],
        values: [
            DeadLetterDetail.Cell(column: "id", value: "7"), DeadLetterDetail.Cell(column: "note", value: nil),
        ]
    )

    func statuses() async -> [FlowStatus] { [Self.status] }

    func pause(flow: String, table: String?) async throws(ControlError) { try note("pause", flow, table) }

    func resume(flow: String, table: String?) async throws(ControlError) { try note("resume", flow, table) }

    func resync(flow: String, table: String?) async throws(ControlError) { try note("resync", flow, table) }

    func remove(flow: String) async throws(ControlError) { try note("remove", flow, nil) }

    func remove(group: String) async throws(ControlError) { try note("remove group", group, nil) }

    func deadLetters(flow: String?) async throws(ControlError) -> [DeadLetterSummary] {
        Self.letters.filter { flow == nil || $0.flow == flow }
    }

    func deadLetter(id: Int64) async throws(ControlError) -> DeadLetterDetail {
        guard id == 1 else { throw ControlError(.notFound, "there is no dead letter \(id)") }
        return Self.detail
    }

    func retry(ids: [Int64]?, flow: String?) async throws(ControlError) -> LetterResult {
        log.withLock { $0.append("retry \(ids.map { "\($0)" } ?? "all") \(flow ?? "any")") }
        return LetterResult(settled: ids ?? [1], refused: [2])
    }

    func discard(ids: [Int64]?, flow: String?) async throws(ControlError) -> LetterResult {
        log.withLock { $0.append("discard \(ids.map { "\($0)" } ?? "all") \(flow ?? "any")") }
        return LetterResult(settled: ids ?? [1, 2])
    }

    func conflicts(_ selection: ConflictSelection) async throws(ControlError) -> [ConflictDetail] {
        let words = [selection.group, selection.table, selection.member, selection.state].map { $0 ?? "any" }
        let since = selection.since.map { "\($0.timeIntervalSince1970)" } ?? "ever"
        log.withLock { $0.append("conflicts \(words.joined(separator: " ")) \(since)") }
        return [ConflictSamples.update, ConflictSamples.delete]
    }

    func conflict(id: Int64, group: String?) async throws(ControlError) -> ConflictDetail {
        guard id == 3 else { throw ControlError(.notFound, "there is no conflict \(id)") }
        log.withLock { $0.append("conflict \(id) \(group ?? "any")") }
        return ConflictSamples.update
    }

    func resolve(
        id: Int64,
        group: String?,
        _ resolution: ConflictResolution
    ) async throws(ControlError) -> ConflictDetail {
        let set = resolution.set.map { $0.sorted { $0.key < $1.key }.map { "\($0)=\($1)" } } ?? []
        log.withLock { $0.append("resolve \(id) \(group ?? "any") \(resolution.keep ?? set.joined(separator: " "))") }
        return ConflictSamples.update
    }

    func undo(id: Int64, group: String?) async throws(ControlError) -> ConflictDetail {
        log.withLock { $0.append("undo \(id) \(group ?? "any")") }
        return ConflictSamples.update
    }

    func history(table: String, key: String, group: String?) async throws(ControlError) -> HistoryDetail {
        log.withLock { $0.append("history \(table) \(key) \(group ?? "any")") }
        return ConflictSamples.history
    }

    /// Flow names that stand for what can go wrong.
    private func note(_ action: String, _ flow: String, _ table: String?) throws(ControlError) {
        switch flow {
        case "gone": throw ControlError(.notFound, "there is no flow named gone")
        case "held": throw ControlError(.conflict, "another runner has the flow")
        case "odd": throw ControlError(.invalid, "makes no sense")
        case "broken": throw ControlError(.failed, "did not work")
        case "away": throw ControlError(.unreachable, "the store is away")
        default: log.withLock { $0.append("\(action) \(flow) \(table ?? "whole")") }
        }
    }
}
