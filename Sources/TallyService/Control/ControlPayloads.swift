package import TallyEngine
package import TallyGroup

/// What `GET /v1/status` answers and `tally status --json` prints.
package struct StatusList: Sendable, Hashable, Codable {
    package var flows: [FlowStatus]
    package var groups: [GroupStatus]

    package init(flows: [FlowStatus], groups: [GroupStatus] = []) {
        self.flows = flows
        self.groups = groups
    }
}

/// What `GET /v1/dead-letters` answers and `tally dead-letters list --json` prints.
package struct DeadLetterList: Sendable, Hashable, Codable {
    package var deadLetters: [DeadLetterSummary]

    package init(deadLetters: [DeadLetterSummary]) {
        self.deadLetters = deadLetters
    }
}

/// The answer to what has nothing else to say.
struct Done: Sendable, Codable {}

/// The answer when something went wrong.
struct ErrorAnswer: Sendable, Codable {
    var error: ControlError
}
