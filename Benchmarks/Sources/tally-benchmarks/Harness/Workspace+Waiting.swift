import Foundation

extension Workspace {
    /// Waits until the copy holds a row of that id.
    func waitForRow(_ id: Int, _ process: ChildProcess) throws {
        let deadline = Nanoseconds.now + 30_000_000_000
        while try !hasRow(id) {
            try process.checkRunning()
            guard Nanoseconds.now < deadline else { throw BenchmarkError("Tally loads nothing for 30 seconds") }
            usleep(20_000)
        }
    }

    private func hasRow(_ id: Int) throws -> Bool {
        // The file, and then the table, are Tally's to make.
        guard FileManager.default.fileExists(atPath: copy) else { return false }
        let database = try Database(path: copy)
        guard try database.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'items'") == 1 else { return false }
        return try database.integer("SELECT count(*) FROM items WHERE id = \(id)") == 1
    }
}
