import ArgumentParser
import TallyService

/// What a command ends with when it does not simply return.
struct Ending {
    /// 0 done, 1 the answer is "no", 2 usage or configuration, 3 could not reach something.
    let code: Int32
    /// What to print, with its line ends; may be empty.
    let text: String

    /// Whether it ends as asked: with the help, for one.
    var isGood: Bool { code == 0 }

    init(_ error: any Error) {
        switch error {
        case let failure as Failure:
            (code, text) = (failure.code, "tally: \(failure.message)\n")
        case let problems as ConfigurationProblems:
            (code, text) = (2, "\(problems)\n")
        case let failure as NodeFailure:
            (code, text) = (failure.exitCode, "tally: \(failure.message)\n")
        case let error as ControlError:
            (code, text) = (error.code.exitCode, "tally: \(error.message)\n")
        case let answer as ExitCode:
            (code, text) = (answer.rawValue, "")
        default:
            let parsed = Tally.exitCode(for: error)
            code = parsed.isSuccess ? 0 : parsed == .validationFailure ? 2 : 1
            text = Tally.fullMessage(for: error) + "\n"
        }
    }
}

/// A command cannot do what it was asked to.
struct Failure: Error {
    let code: Int32
    let message: String
}
