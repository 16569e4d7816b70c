import Foundation

/// What all benchmarks share: the options, a folder for their files, the peaks of memory seen.
final class Bench {
    let options: Options
    let folder: String
    let memory = MemoryRecord()
    let texts = TextPool()
    private var seeds: [Int: String] = [:]
    private var workspaceCount = 0

    init(_ options: Options) throws {
        self.options = options
        guard FileManager.default.isExecutableFile(atPath: options.tallyPath) else {
            throw BenchmarkError("\(options.tallyPath) is not there; build it with `make build`, or name it by --tally")
        }
        folder = options.folder + "/tally-benchmarks-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    func removeFolder() {
        // What remains is in the temporary folder and of no use.
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Calls `body` once for each run.
    func eachRun(_ body: (Int) throws -> Void) throws {
        for run in 1...options.runs { try body(run) }
    }

    /// Calls `body` with a fresh folder, gone afterwards. The source has a table `items` of `rows` rows.
    func withWorkspace(rows: Int, _ body: (Workspace) throws -> Void) throws {
        workspaceCount += 1
        let path = "\(folder)/\(workspaceCount)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer {
            // A folder that stays behind is removed with the others.
            try? FileManager.default.removeItem(atPath: path)
        }
        let workspace = Workspace(folder: path, bench: self)
        try workspace.writeConfiguration()
        try FileManager.default.copyItem(atPath: seed(rows: rows), toPath: workspace.source)
        try body(workspace)
    }

    /// A file with that many rows, made once.
    func seed(rows: Int) throws -> String {
        if let path = seeds[rows] { return path }
        let path = "\(folder)/seed-\(rows).db"
        try SampleTable(texts: texts).makeFile(path, rows: rows)
        seeds[rows] = path
        return path
    }

    /// Prints one line of progress at once, also into a file or a pipe, which `print` fills before it writes.
    func say(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }

    /// How long `body` takes, in seconds, beginning when the disk has nothing left to write.
    func time(_ body: () throws -> Void) throws -> Double {
        sync()
        let duration = try ContinuousClock().measure(body)
        return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}
