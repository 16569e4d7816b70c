import TallyGroup
import TallyModel

/// Why a node did not do what it was asked.
package struct ControlError: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable, Codable {
        /// There is no flow, table, dead letter or conflict of that name or number.
        case notFound
        /// It cannot be done in the state that things are in.
        case conflict
        /// What was asked makes no sense.
        case invalid
        /// It was tried and did not work.
        case failed
        /// The node says that a store cannot be reached, or may not be asked itself.
        case unreachable
        /// The node does not answer.
        case silent

        /// What a command that ends with it exits with.
        package var exitCode: Int32 {
            switch self {
            case .notFound, .invalid: 2
            case .conflict, .failed: 1
            case .unreachable, .silent: 3
            }
        }
    }

    package var code: Code
    /// What happened and what to do about it.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The error of a store or a ledger, as the person who asked sees it.
    package init(_ error: any Error) {
        switch error {
        case let error as ControlError: self = error
        case let refusal as Refusal:
            let code: Code =
                switch refusal.code {
                case .notFound: .notFound
                case .conflict: .conflict
                case .invalid: .invalid
                }
            self.init(code, refusal.message)
        case let error as StoreError:
            let code: Code =
                switch error.code {
                case .unreachable, .busy, .denied: .unreachable
                case .held, .fenced: .conflict
                default: .failed
                }
            self.init(code, error.description)
        default: self.init(.failed, "\(error)")
        }
    }

    package var description: String { message }
}
