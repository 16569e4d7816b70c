package import TallyModel

/// A PostgreSQL database as something to capture from.
package struct PostgresSource: Source {
    private let options: ConnectionOptions
    private let observer: MilestoneObserver?
    private let forms = FormMemory()

    package init(options: ConnectionOptions, observer: MilestoneObserver? = nil) {
        self.options = options
        self.observer = observer
    }

    package func catalog() async throws -> [TableSchema] {
        try await LogCapture.catalog(options)
    }

    package func inspect(_ request: CaptureRequest) async throws -> [Finding] {
        if let refusal = refusal(of: request) { return [Finding(.error, refusal.message)] }
        return await LogCapture.inspect(request, options)
    }

    package func verify(_ request: CaptureRequest) async throws {
        if let refusal = refusal(of: request) { throw refusal }
        try await LogCapture.verify(request, options)
    }

    package func open(_ request: CaptureRequest) async throws -> any SourceSession {
        if let refusal = refusal(of: request) { throw refusal }
        return try await LogSession.open(options, request: request, observer: observer, forms: forms)
    }

    package func remove(flow: String) async throws {
        try await LogCapture.remove(flow: flow, options)
    }

    private func refusal(of request: CaptureRequest) -> StoreError? {
        switch request.capture.mode {
        case .auto, .log: nil
        case .trigger, .timestamp, .version:
            StoreError(
                .unsupported,
                "\(options.label): `capture: \(request.capture.mode)` is for other stores; write `capture: log`"
            )
        }
    }
}
