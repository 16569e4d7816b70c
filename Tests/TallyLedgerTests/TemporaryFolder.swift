import Foundation
import Programs

/// A fresh folder for one test, removed with everything in it when the test ends.
func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tally-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer {
        // A leftover in the system's temporary folder is no reason to fail.
        try? FileManager.default.removeItem(at: folder)
    }
    return try await body(folder.path)
}

/// What the `sqlite3` shell says to a query of the file.
func shell(_ path: String, _ sql: String) throws -> String {
    let (ending, text) = try ChildProgram.run(["sqlite3", "-bail", path, sql])
    struct ShellFailed: Error { var text: String }
    guard ending == .exited(0) else { throw ShellFailed(text: text) }
    return text.trimmingCharacters(in: .newlines)
}
