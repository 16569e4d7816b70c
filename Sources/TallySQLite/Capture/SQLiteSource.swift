package import TallyModel
import SQLite

/// A SQLite file as something to capture from, by triggers or by asking for rows that moved on.
package struct SQLiteSource: Source {
    private let path: String
    private let observer: MilestoneObserver?

    package init(path: String, observer: MilestoneObserver?) {
        self.path = path
        self.observer = observer
    }

    package func catalog() async throws -> [TableSchema] {
        try await SourceInspection(file: SourceFile(path)).catalog()
    }

    package func inspect(_ request: CaptureRequest) async throws -> [Finding] {
        // A member that is not there yet is made.
        if request.group != nil, !SourceFile.exists(path) { return [] }
        return switch request.capture.mode {
        case .auto, .trigger: await SourceInspection.findings(path: path, request)
        case .timestamp, .version: try await PolledSession.inspect(path: path, request: request)
        case .log: [Finding(.error, Self.noLog, remedy: "write `capture: trigger`")]
        }
    }

    package func verify(_ request: CaptureRequest) async throws {
        guard let checkpoint = request.checkpoint else { return }
        switch request.capture.mode {
        case .auto, .trigger:
            try await SourceInspection(file: SourceFile(path)).verify(checkpoint, flow: request.consumer.flow)
        case .timestamp, .version: try await PolledInspector().verify(checkpoint, path: path)
        case .log: return
        }
    }

    package func open(_ request: CaptureRequest) async throws -> any SourceSession {
        if request.group != nil, ![.auto, .trigger].contains(request.capture.mode) {
            throw StoreError(
                .unsupported,
                "\(path): a group captures SQLite files by triggers; other captures do not say what a write had seen"
            )
        }
        return switch request.capture.mode {
        case .auto, .trigger:
            try await TriggerSession.open(path: path, request: request, observer: observer)
        case .timestamp, .version:
            try await PolledSession.open(path: path, request: request, observer: observer)
        case .log: throw StoreError(.unsupported, "\(path): \(Self.noLog); write `capture: trigger`")
        }
    }

    package func remove(flow: String) async throws {
        guard SourceFile.exists(path) else { return }
        let consumer = Consumer(flow: flow, targetID: "", targetLabel: "")
        let writer = CaptureWriter(file: try SourceFile(path), consumer: consumer, observer: observer)
        do {
            try await writer.remove()
        } catch {
            await writer.close()
            throw error
        }
        await writer.close()
    }

    private static let noLog = "SQLite has no log of commits that others can read"
}
