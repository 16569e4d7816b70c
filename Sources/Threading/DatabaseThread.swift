import Foundation

/// One named thread that runs the jobs of the actors that use it as their executor, one at a time.
///
/// The calls of C libraries for databases block, on disk, on locks and on servers. On the cooperative pool two blocked calls would stop a program on two
/// cores; here they stop only the actor they belong to.
package final class DatabaseThread: SerialExecutor {
    /// The queue and the condition that guards it, shared with the thread so that the thread does not keep its owner.
    private final class Queue: @unchecked Sendable {
        // Unchecked: `jobs` and `isClosed` are only touched while `condition` is locked.
        let condition = NSCondition()
        /// Each job keeps its executor alive until it has run.
        var jobs: [(job: UnownedJob, executor: DatabaseThread)] = []
        var isClosed = false
    }

    private let queue = Queue()

    package init(name: String) {
        let queue = queue
        let thread = Thread {
            var batch: [(job: UnownedJob, executor: DatabaseThread)] = []
            while true {
                queue.condition.lock()
                while queue.jobs.isEmpty && !queue.isClosed { queue.condition.wait() }
                swap(&batch, &queue.jobs)
                let isDone = batch.isEmpty && queue.isClosed
                queue.condition.unlock()
                if isDone { return }
                for (job, executor) in batch {
                    job.runSynchronously(on: executor.asUnownedSerialExecutor())
                }
                batch.removeAll(keepingCapacity: true)
            }
        }
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
    }

    deinit {
        queue.condition.lock()
        queue.isClosed = true
        queue.condition.signal()
        queue.condition.unlock()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.condition.lock()
        queue.jobs.append((job, self))
        queue.condition.signal()
        queue.condition.unlock()
    }
}
