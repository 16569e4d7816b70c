import CSQLite
import Foundation

/// What the figures were measured on.
struct Machine {
    let processor: String
    let cores: Int
    let memory: UInt64
    let kernel: String
    /// The median of a small write and its `fdatasync`, in milliseconds.
    let syncTime: Double
    /// Runnable processes, this one excluded, averaged over the minute before the start.
    let load: Double
    let sqlite: String
    let date: String

    init(folder: String) throws {
        let processors = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        let model = processors.split(separator: "\n").first { $0.hasPrefix("model name") }
        processor = model?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
        cores = ProcessInfo.processInfo.activeProcessorCount
        memory = ProcessInfo.processInfo.physicalMemory
        let version = ProcessInfo.processInfo.operatingSystemVersion
        kernel = "\(version.majorVersion).\(version.minorVersion)"
        syncTime = try Self.measureSync(folder)
        var loads = [0.0]
        load = getloadavg(&loads, 1) == 1 ? loads[0] : 0
        sqlite = String(cString: sqlite3_libversion())
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withFullDate]
        date = formatter.string(from: Date())
    }

    var summary: String {
        "\(processor), \(cores) cores, \(memory / 1_073_741_824) GiB, Linux \(kernel), SQLite \(sqlite), "
            + "fdatasync \(Figures.plain(syncTime)) ms, load \(Figures.plain(load)) before the start"
    }

    private static func measureSync(_ folder: String) throws -> Double {
        let path = folder + "/sync"
        let file = open(path, O_WRONLY | O_CREAT, 0o600)
        guard file >= 0 else { throw BenchmarkError("\(path): cannot be written") }
        defer {
            close(file)
            unlink(path)
        }
        let page = [UInt8](repeating: 1, count: 4096)
        let times = (0..<50).map { _ in
            let start = Nanoseconds.now
            _ = write(file, page, page.count)
            fdatasync(file)
            return Double(Nanoseconds.now - start) / 1_000_000
        }
        return Spread(times).median
    }
}
