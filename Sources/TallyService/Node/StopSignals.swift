public import ServiceLifecycle
import UnixSignals

/// SIGINT and SIGTERM as requests to end, from the moment this is made: one that comes before the node is up ends it as
/// gracefully as one that comes later.
public struct StopSignals: Service {
    private let signals: UnixSignalsSequence

    /// Takes both signals over from the system, which would end the process at once.
    public init() async {
        signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    }

    /// Returns at the first signal, or when the services beside it end.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in signals { return }
        }
    }
}
