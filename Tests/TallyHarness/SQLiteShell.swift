import Foundation
import Programs

/// The `sqlite3` command: what reads the stores back independently of the program under test.
package struct SQLiteShell {
    package let path: String
    private let folder: ScratchFolder

    package init(_ name: String, in folder: ScratchFolder) {
        path = name.hasPrefix("/") ? name : folder.file(name)
        self.folder = folder
    }

    /// Runs a script and returns what it printed, without the last line end.
    ///
    /// - Parameter ahead: How far the clock is ahead that the script sees, in whole seconds; below zero for behind.
    @discardableResult
    package func run(_ script: String, clockAhead ahead: Duration = .zero) async throws -> String {
        let child = try ChildProcess(
            "/usr/bin/env",
            WrongClock(ahead: ahead).command + ["sqlite3", "-batch", "-bail", path],
            in: folder,
            input: ".timeout 300000\n" + script + "\n"
        )
        let ending = try await child.wait()
        guard ending == .exited(0) else {
            throw WaitedInVain("sqlite3 \(path) ended with \(ending): \(child.standardError)")
        }
        return child.standardOutput.trimmingCharacters(in: .newlines)
    }

    /// The lines that a query prints.
    package func lines(_ query: String) async throws -> [String] {
        try await run(query).split(separator: "\n").map(String.init)
    }

    /// The tables that a user made.
    package func tables() async throws -> [String] {
        try await lines(
            """
            SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
            AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_tally\\_%' ESCAPE '\\' ORDER BY 1;
            """
        )
    }

    /// What Tally made in the file and has not taken out: names of tables, triggers and indexes.
    package func tallyObjects() async throws -> [String] {
        try await lines("SELECT name FROM sqlite_master WHERE name LIKE '\\_tally\\_%' ESCAPE '\\' ORDER BY 1;")
    }
}
