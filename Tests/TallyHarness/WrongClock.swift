import Foundation

/// A clock that is wrong, for one process and those that it starts: Debian's faketime.
package struct WrongClock: Sendable {
    /// In whole seconds; below zero for behind.
    private let ahead: Int64

    /// - Parameter ahead: How far it is ahead, in whole seconds; below zero for behind.
    package init(ahead: Duration) {
        self.ahead = ahead.components.seconds
    }

    private var offset: String { ahead < 0 ? "\(ahead)s" : "+\(ahead)s" }

    /// What to put before a command.
    package var command: [String] { ahead == 0 ? [] : ["faketime", "-f", offset] }

    /// What to put into the environment of a program that stays when whoever started it has gone: the command keeps what
    /// it shares with its children no longer than it runs itself.
    package func environment() throws -> [String: String] {
        let folders = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib")
        let libraries = folders.map { "/usr/lib/\($0)/faketime/libfaketime.so.1" }
        guard let library = libraries.first(where: FileManager.default.fileExists(atPath:)) else {
            throw WaitedInVain("libfaketime is not installed: scripts/setup")
        }
        // How long something takes stays true.
        return ["LD_PRELOAD": library, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"]
    }
}
