package import TallyModel

/// A PostgreSQL database as something to capture from.
package struct PostgresSource: Source {
    private let options: ConnectionOptions
    private let log: LogContext

    package init(options: ConnectionOptions, log: LogContext = LogContext()) {
        self.options = options
        self.log = log
    }

    package func catalog() async throws -> [TableSchema] {
        try await LogCapture.catalog(options)
    }

    package func inspect(_ request: CaptureRequest) async throws -> [Finding] {
        switch request.capture.mode {
        case .auto, .log: await LogCapture.inspect(request, options, context: log)
        case .trigger: await TriggerCapture.inspect(request, options)
        case .timestamp, .version: await PolledCapture.inspect(request, options)
        }
    }

    package func verify(_ request: CaptureRequest) async throws {
        switch request.capture.mode {
        case .auto, .log: try await LogCapture.verify(request, options)
        case .trigger: try await TriggerCapture.verify(request, options)
        case .timestamp, .version: try await PolledCapture.verify(request, options)
        }
    }

    package func open(_ request: CaptureRequest) async throws -> any SourceSession {
        if request.group != nil, ![.auto, .log].contains(request.capture.mode) {
            throw StoreError(
                .unsupported,
                "\(options.label): a group reads its members' logs, and other captures do not say what a write had seen; "
                    + "write `capture: log`"
            )
        }
        return switch request.capture.mode {
        case .auto, .log:
            try await LogSession.open(options, request: request, context: log)
        case .trigger: try await TriggerCapture.open(request, options, log.observer)
        case .timestamp, .version: try await PolledCapture.open(request, options, log.observer)
        }
    }

    package func remove(flow: String) async throws {
        // Whatever the flow is set to by now, it may have been captured otherwise before.
        try await LogCapture.remove(flow: flow, options)
        try await TriggerCapture.remove(flow: flow, options)
    }
}
