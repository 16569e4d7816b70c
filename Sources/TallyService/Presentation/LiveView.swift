import UnixSignals

/// Shows how flows and groups get on, again and again.
package struct LiveView: Sendable {
    private let console: Console
    private let statuses: @Sendable () async throws -> StatusList

    package init(on console: Console, statuses: @escaping @Sendable () async throws -> StatusList) {
        self.console = console
        self.statuses = statuses
    }

    /// Keeps the block of `tally run` up to date until the task is cancelled; its last state stays on the screen.
    package func followRun() async throws {
        defer { console.leaveBlock() }
        while !Task.isCancelled {
            console.show(block: try await block())
            do { try await Task.sleep(for: .milliseconds(250)) } catch { break }
        }
        console.show(block: try await block())
    }

    /// Shows the whole status every second until the user interrupts: in place on a terminal, one after the other
    /// elsewhere.
    package func watch() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return }
            }
            group.addTask {
                while !Task.isCancelled {
                    draw(try await statuses())
                    try await Task.sleep(for: .seconds(1))
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        console.leaveBlock()
    }

    private func block() async throws -> [Line] {
        let statuses = try await statuses()
        return ProgressBlock.lines(statuses.flows, statuses.groups)
    }

    private func draw(_ statuses: StatusList) {
        let lines = StatusReport.lines(statuses.flows, statuses.groups)
        if console.isTerminal {
            console.show(block: lines)
        } else {
            console.write(lines + [""])
        }
    }
}
