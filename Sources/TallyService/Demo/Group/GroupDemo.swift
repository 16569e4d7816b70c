import Foundation
import TallyGroup
import TallyModel

/// The demonstration of a group: three branches of a shop that all sell, one of them out of reach for a while, and the
/// proof that all three agree afterwards.
public struct GroupDemo {
    private let keep: String?

    /// How many transactions each branch makes while all are in reach, and the pause between them.
    private static let transactions = 400
    private static let pause = Duration.milliseconds(4)

    /// - Parameter keep: Where the files go; `nil` for a folder that goes away afterwards.
    public init(keep: String?) {
        self.keep = keep
    }

    /// Runs it, telling everything on standard output.
    ///
    /// - Returns: The exit code: 0 when all members agree, 1 when they do not, 3 when something could not be done.
    public func run() async -> Int32 {
        let screen = DemoScreen()
        do {
            let folder = try DemoFolder(keep: keep, file: "eu.db")
            defer { folder.clean() }
            screen.heading("Three branches of a shop sell from one list of items, each in its own database.")
            let day = try GroupDay(folder, screen)
            return try await day.run(transactions: Self.transactions, pause: Self.pause)
        } catch {
            screen.heading("The demo could not go on: \(error)")
            return 3
        }
    }
}
