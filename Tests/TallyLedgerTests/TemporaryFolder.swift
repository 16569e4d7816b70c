import Foundation

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
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-bail", path, sql]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    struct ShellFailed: Error {}
    guard process.terminationStatus == 0 else { throw ShellFailed() }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
}
