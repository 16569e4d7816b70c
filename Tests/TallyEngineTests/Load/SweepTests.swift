import Logging
import Synchronization
import TallyEngine
import TallyModel
import TallyTesting
import Testing

/// A source that is polled: its snapshots are older than its sweeps.
struct SweepTests {
    /// Hands out a script of events, and chunks of what its table holds by then.
    ///
    ///     stream                               table
    ///     ------                               -----
    ///     (load)                               1, 2
    ///     sweep due                            1       row 2 is deleted now
    ///     poll at 5, read before: row 2        1
    ///     poll at 10: nothing                  1
    private final class PolledSource: Source, SourceSession {
        private let script: Mutex<[StreamEvent]>
        private let chunks = Mutex(0)

        init(_ script: [StreamEvent]) {
            self.script = Mutex(script)
        }

        var sourceID: String { "source" }
        var start: Position { Position(order: 1) }
        var tables: [TableSchema] { [Samples.items] }
        var loadWidth: Int { 1 }

        func catalog() -> [TableSchema] { tables }
        func inspect(_ request: CaptureRequest) -> [Finding] { [] }
        func verify(_ request: CaptureRequest) {}
        func open(_ request: CaptureRequest) -> any SourceSession { self }
        func remove(flow: String) {}

        func next() async throws -> StreamEvent {
            let event = script.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if let event { return event }
            try await Task.sleep(for: .seconds(3600))
            throw CancellationError()
        }

        func latest() -> Position { Position(order: 10) }
        func rowCount(of table: TableSchema) -> Int { 2 }
        func ranges(of table: TableSchema) -> [KeyRange] { [.all] }

        func chunk(of table: TableName, in range: KeyRange, limit: ByteCount) -> Chunk {
            let isLoad = chunks.withLock { count in
                count += 1
                return count == 1
            }
            let rows = (isLoad ? [1, 2] : [1]).map { Samples.insert($0, 0).row }
            return Chunk(
                schema: Samples.items,
                rows: rows,
                range: range,
                isLast: true,
                asOf: Position(order: isLoad ? 1 : 10),
                byteCount: 100
            )
        }

        func acknowledge(_ position: Position) {}
        func close() {}
    }

    @Test func aRowThatAPollBringsBackAfterASweepFoundItGoneIsSweptAgainAtOnce() async throws {
        let source = PolledSource([
            .sweepDue([Samples.items.name]), .slice(Samples.slice([Samples.update(2, 7, 7)], end: 5)),
            .slice(Samples.slice([], end: 10)),
        ])
        let target = InMemoryTarget()
        let settings = FlowSettings(
            name: "polled",
            capture: CaptureSettings(mode: .timestamp, column: "a", sweep: .seconds(3600))
        )
        let flow = Flow(
            settings,
            source: (source, "source"),
            target: (target.reached(by: .clear), "target"),
            ledger: InMemoryLedger().reached(by: .clear),
            runner: Runner(id: "runner", host: "here", processID: 1, processStart: ""),
            options: FlowOptions(
                endsWhenCaughtUp: true,
                now: { Timestamp(microseconds: 1) },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        guard case .finished = await flow.run() else {
            Issue.record("the flow did not finish: \(flow.status.message ?? "")")
            return
        }
        #expect(target.visible.tables[Samples.items.name]?.rows.keys.map { $0 } == [Samples.key(1)])
    }
}
