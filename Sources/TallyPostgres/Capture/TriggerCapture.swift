import Foundation
package import TallyModel

/// Capture by triggers: for servers without logical replication.
package enum TriggerCapture {
    /// Installs what capture needs, where it is not there yet, and opens the stream.
    package static func open(
        _ request: CaptureRequest,
        _ options: ConnectionOptions,
        _ observer: MilestoneObserver? = nil,
        now: @escaping WallClock = systemClock,
        sliceLimit: ByteCount = .kibibytes(512)
    ) async throws -> any SourceSession {
        try await TriggerSession.open(
            options,
            request.namingDefaultSchema,
            observer: observer,
            now: now,
            sliceLimit: sliceLimit
        )
    }

    /// What is wrong, what will be made, and what cannot be captured. Changes nothing.
    package static func inspect(_ request: CaptureRequest, _ options: ConnectionOptions) async -> [Finding] {
        await CaptureInspector().triggerFindings(request.namingDefaultSchema, options)
    }

    /// Makes sure that a stream could go on exactly from the request's checkpoint. Changes nothing.
    package static func verify(_ request: CaptureRequest, _ options: ConnectionOptions) async throws {
        try await CaptureInspector().verifyTriggers(request, options)
    }

    /// Undoes all that ``open(_:_:_:now:sliceLimit:)`` made for this flow. Doing it twice is doing it once.
    package static func remove(flow: String, _ options: ConnectionOptions) async throws {
        let consumer = Consumer(flow: flow, targetID: "", targetLabel: "")
        let writer = CaptureWriter(options, consumer: consumer, observer: nil)
        do {
            try await writer.remove()
        } catch {
            await writer.close()
            throw error
        }
        await writer.close()
    }

    /// The clock of the system.
    package static let systemClock: WallClock = {
        Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
}

extension CaptureRequest {
    var namingDefaultSchema: CaptureRequest {
        var request = self
        request.tables = tables.naming(defaultSchema: TableName.postgresDefaultSchema)
        return request
    }
}
