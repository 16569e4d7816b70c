import TallyGroup
import TallyModel

/// Why a node ended other than as it was asked to, and with which exit code.
public struct NodeFailure: Error, CustomStringConvertible {
    /// 1: the answer is no. 2: the configuration cannot be run. 3: something could not be reached.
    public let exitCode: Int32
    public let message: String

    public var description: String { message }

    init(exitCode: Int32, message: String) {
        self.exitCode = exitCode
        self.message = message
    }

    init(_ error: any Error, group: String) {
        let failure = NodeFailure((error as? StoreError)?.inGroup(group) ?? error)
        self.init(exitCode: failure.exitCode, message: "group \(group): \(failure.message)")
    }

    /// What `tally check` finds too.
    init(_ problem: (group: String, finding: Finding)) {
        let finding = problem.finding
        let parts = ["group \(problem.group)", finding.table.map { "\($0)" }, finding.message].compactMap { $0 }
        let remedy = finding.remedy.map { "; \($0)" } ?? ""
        self.init(exitCode: 2, message: parts.joined(separator: ": ") + remedy)
    }

    init(_ error: any Error, flow: String? = nil) {
        let outOfReach: Set<StoreError.Code> = [.unreachable, .busy, .outOfSpace, .readOnly, .denied, .outcomeUnknown]
        exitCode =
            switch error {
            case let error as NodeFailure: error.exitCode
            case let error as StoreError: outOfReach.contains(error.code) ? 3 : 1
            case let error as ControlError: error.code.exitCode
            default: 1
            }
        message = flow.map { "flow \($0): \(error)" } ?? "\(error)"
    }
}
