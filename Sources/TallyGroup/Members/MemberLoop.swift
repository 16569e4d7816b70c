import Logging
import TallyEngine
import TallyModel

/// Runs one member's sessions, and decides what happens between them; the group's other members go on meanwhile.
struct MemberLoop {
    let store: MemberStore
    let context: GroupContext

    /// - Returns: What stands in the way of the member, where something does when it ends.
    func run() async -> (any Error)? {
        var retry = RetryPolicy(settings: context.settings.retry)
        // How many sessions in a row came to nothing but that.
        var comparisons = 0
        while !context.stopping.isSet, !Task.isCancelled {
            do {
                context.meter.enter(.starting, store.name)
                let session = try await MemberSession.open(store, context)
                let start = ContinuousClock.now
                // What fails again as soon as something is done has not succeeded by being opened.
                defer {
                    if session.hasAdvanced.isSet || ContinuousClock.now - start > retry.settings.most {
                        retry.succeeded()
                    }
                }
                do {
                    try await session.run()
                    await session.close()
                } catch let again as MemberLog.ComparesAgain {
                    await session.close()
                    context.options.logger.warning(
                        "compares again",
                        metadata: ["member": "\(store.name)", "reason": "\(again.reason)"]
                    )
                    try await context.record.compareAgain(store.name)
                    comparisons = session.hasAdvanced.isSet ? 0 : comparisons + 1
                    if comparisons > 1 { throw StoreError(.historyLost, again.reason) }
                } catch {
                    await session.close()
                    throw error
                }
            } catch is CancellationError {
                break
            } catch {
                let error = (error as? StoreError)?.inGroup(context.settings.name) ?? error
                if let failure = await settle(error, &retry) { return failure }
            }
        }
        context.meter.enter(.finished, store.name)
        return nil
    }

    /// - Returns: The error, where the member cannot go on by itself.
    private func settle(_ error: any Error, _ retry: inout RetryPolicy) async -> (any Error)? {
        let message = "\(error)"
        let metadata: Logging.Logger.Metadata = ["member": "\(store.name)", "reason": "\(message)"]
        let wait = retry.failed(draw: context.options.draw())
        let code = (error as? StoreError)?.code
        // Where its log ends, the member joins again when it is opened anew.
        let mayPass = Disposition(for: error) == .retry || code?.endsHistory == true
        // A person mends the table; the member notices by itself.
        let isMended = code == .incompatibleSchema || code == .missingTable
        if mayPass, !(context.options.endsWhenCaughtUp && retry.attempts >= context.options.attempts) {
            context.meter.enter(.retrying, store.name, message: message)
            context.options.logger.warning("trying again", metadata: metadata)
        } else {
            context.meter.enter(.stopped, store.name, message: message)
            context.options.logger.error("stopped", metadata: metadata)
            if context.options.endsWhenCaughtUp {
                // The others cannot come to their end without this one.
                context.stopping.set()
                return error
            }
        }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                if mayPass || isMended {
                    let pause = mayPass ? wait : .seconds(5)
                    group.addTask { try await context.options.clock.sleep(for: pause) }
                }
                group.addTask { try await context.stopping.wait() }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            // Cancelled: the loop sees that for itself.
        }
        return mayPass || !context.stopping.isSet ? nil : error
    }
}
