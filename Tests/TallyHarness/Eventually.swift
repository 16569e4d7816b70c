/// Something that a test waited for did not come.
package struct WaitedInVain: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Asks again and again until `condition` holds.
///
/// The deadline is no assertion about speed: it only keeps a failure from lasting for ever. It is long because a busy
/// machine, or one with a slow disk, may take a hundred times what an idle one does.
package func eventually(
    _ what: String,
    within deadline: Duration = .seconds(600),
    each pause: Duration = .milliseconds(20),
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + deadline
    while try await !condition() {
        if clock.now > end { throw WaitedInVain("waited \(deadline) in vain: \(what)") }
        try await clock.sleep(for: pause)
    }
}
