import TallyModel

/// Why a node ended other than as it was asked to, and with which exit code.
public struct NodeFailure: Error, CustomStringConvertible {
    /// 1: the answer is no. 3: something could not be reached.
    public let exitCode: Int32
    public let message: String

    public var description: String { message }

    init(exitCode: Int32, message: String) {
        self.exitCode = exitCode
        self.message = message
    }

    init(_ error: any Error, flow: String? = nil) {
        let outOfReach: Set<StoreError.Code> = [.unreachable, .busy, .outOfSpace, .readOnly, .denied, .outcomeUnknown]
        exitCode = (error as? StoreError).map { outOfReach.contains($0.code) } ?? false ? 3 : 1
        message = flow.map { "flow \($0): \(error)" } ?? "\(error)"
    }
}
