import Foundation
package import TallyModel

extension Runner {
    /// This process, under a new id.
    package static func current() -> Runner {
        Runner(process: ProcessInfo.processInfo.processIdentifier)
    }

    /// A process of this host, under a new id.
    package init(process: Int32) {
        self.init(
            id: UUID().uuidString.lowercased(),
            host: ProcessInfo.processInfo.hostName,
            processID: process,
            processStart: ProcessRecord(of: process)?.start ?? ""
        )
    }

    /// Whether the process still runs, on this host; the host that it names is not looked at.
    package var isAlive: Bool {
        // Signal 0 only asks. A process of somebody else's is there, too.
        guard kill(processID, 0) == 0 || errno == EPERM else { return false }
        guard let record = ProcessRecord(of: processID) else { return true }
        if record.hasEnded { return false }
        return processStart.isEmpty || record.start == processStart
    }
}

/// What Linux says of a process in `/proc/PID/stat` (proc_pid_stat(5)).
private struct ProcessRecord {
    /// When it started, in words that no other process with its number shares.
    let start: String
    /// Whether only its number is left, until its parent has asked how it ended; in a container that may never come.
    let hasEnded: Bool

    /// - Returns: `nil` where the system does not say.
    init?(of processID: Int32) {
        guard let boot = Self.contents(of: "/proc/sys/kernel/random/boot_id"),
            let status = Self.contents(of: "/proc/\(processID)/stat"),
            let name = status.lastIndex(of: ")")
        else { return nil }
        // After the name, which may hold anything, the third field is the first; the start is the 22nd.
        let fields = status[status.index(after: name)...].split(separator: " ")
        guard fields.count > 19 else { return nil }
        start = "\(fields[19]) \(boot.trimmingCharacters(in: .whitespacesAndNewlines))"
        hasEnded = ["Z", "X"].contains(fields[0])
    }

    private static func contents(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
