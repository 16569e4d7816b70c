import ServiceLifecycle
import Synchronization
import TallyEngine
import TallyGroup
import TallyModel

/// Runs the flows and groups of a node side by side.
///
/// Graceful shutdown stops each at the end of the transaction at hand; cancellation stops them now.
struct FlowsService: Service {
    /// Why the node could not do what it was asked to; `nil` when it could.
    final class Outcome: Sendable {
        private let state = Mutex<NodeFailure?>(nil)

        var failure: NodeFailure? { state.withLock { $0 } }

        /// Keeps the gravest: something that could not be reached explains more than an answer that is no.
        func note(_ failure: NodeFailure) {
            state.withLock { state in
                if state.map({ $0.exitCode < failure.exitCode }) ?? true { state = failure }
            }
        }
    }

    let flows: [Flow]
    let groups: [Group]
    let isOnce: Bool
    /// Whether a flow or a group was taken out while the node ran: then how it ended is nobody's concern.
    let isRemoved: @Sendable (String) -> Bool
    let outcome: Outcome

    func run() async throws {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                for flow in flows {
                    group.addTask {
                        if case .gaveUp(let error) = await flow.run(), !isRemoved(flow.name) {
                            outcome.note(NodeFailure(error, flow: flow.name))
                        }
                    }
                }
                for one in groups {
                    group.addTask {
                        if case .gaveUp(let error) = await one.run(), !isRemoved(one.name) {
                            outcome.note(NodeFailure(error, group: one.name))
                        }
                    }
                }
            }
        } onGracefulShutdown: {
            for flow in flows { flow.stop() }
            for group in groups { group.stop() }
        }
        if isOnce { for flow in flows { noteWhatIsLeft(of: flow.status) } }
    }

    /// A run that ends has to say what it could not bring over.
    private func noteWhatIsLeft(of status: FlowStatus) {
        if status.phase == .finished, !status.hasTables {
            let message =
                "flow \(status.flow): the source has no table that its `tables` select; `tally check` names them"
            outcome.note(NodeFailure(exitCode: 1, message: message))
        }
        let paused = status.tables.filter { $0.phase == .paused }
        for table in paused {
            let reason = table.message ?? "it is paused"
            let message = "flow \(status.flow): table \(table.table) stands still: \(reason)"
            outcome.note(NodeFailure(exitCode: 1, message: message))
        }
        if status.deadLetters > 0 {
            let message =
                "flow \(status.flow): \(status.deadLetters) dead letter\(status.deadLetters == 1 ? "" : "s"): "
                + "`tally dead-letters list` shows which rows the target refused, and why"
            outcome.note(NodeFailure(exitCode: 1, message: message))
        }
    }
}
