import Logging

/// Has what a simulated flow logs stand in the trace of its history.
struct TraceLog: LogHandler {
    let verdict: Verdict
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let details = event.metadata?.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" } ?? []
        verdict.note("\(event.message) \(details.joined(separator: ", "))")
    }
}
