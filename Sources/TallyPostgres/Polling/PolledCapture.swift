package import TallyModel

/// Capture by asking which rows moved on: `capture: timestamp` and `version`.
package enum PolledCapture {
    /// Opens the stream. Writes nothing to the database.
    ///
    /// - Throws: ``StoreError``: `incompatibleSchema` when a selected table cannot be polled; `sourceReplaced`,
    ///   `historyLost` or `historyWentBackwards` when the stream cannot go on from the checkpoint.
    package static func open(
        _ request: CaptureRequest,
        _ options: ConnectionOptions,
        _ observer: MilestoneObserver? = nil,
        clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping WallClock = TriggerCapture.systemClock
    ) async throws -> any SourceSession {
        try await PolledSession.open(options, request.namingDefaultSchema, clock: clock, now: now)
    }

    /// What is wrong with polling the database, and what polling it will not see. Changes nothing.
    package static func inspect(_ request: CaptureRequest, _ options: ConnectionOptions) async -> [Finding] {
        await CaptureInspector().polledFindings(request.namingDefaultSchema, options)
    }

    /// Makes sure that a stream could go on exactly from the request's checkpoint. Changes nothing.
    package static func verify(_ request: CaptureRequest, _ options: ConnectionOptions) async throws {
        try await CaptureInspector().verifyPolls(request, options)
    }

    /// Nothing to do: polling leaves nothing behind.
    package static func remove(flow: String, _ options: ConnectionOptions) async throws {}
}
