import Foundation
import TallyService

/// What a person has to agree to before a command does what cannot be undone.
struct Confirmation {
    /// As it is asked.
    var question: String
    /// The same, to follow “whether”.
    var matter: String

    /// - Throws: ``Failure`` where there is nobody to ask.
    func isGiven() throws -> Bool {
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure(code: 2, message: "there is nobody to ask whether \(matter); say --yes")
        }
        Console.error.write("\(question) [y/N] ")
        return ["y", "yes"].contains(readLine()?.lowercased())
    }
}
