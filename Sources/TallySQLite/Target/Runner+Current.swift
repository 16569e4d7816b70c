import Foundation
package import TallyModel

extension Runner {
    /// This process, under a new id.
    package static func current() -> Runner {
        let processID = ProcessInfo.processInfo.processIdentifier
        return Runner(
            id: UUID().uuidString.lowercased(),
            host: ProcessInfo.processInfo.hostName,
            processID: processID,
            processStart: ProcessStart.of(processID) ?? ""
        )
    }

    /// Whether the process still runs, on this host; the host that it names is not looked at.
    var isAlive: Bool {
        // Signal 0 only asks. A process of somebody else's is there, too.
        guard kill(processID, 0) == 0 || errno == EPERM else { return false }
        guard !processStart.isEmpty, let start = ProcessStart.of(processID) else { return true }
        return start == processStart
    }
}

/// When a process started, in words that no other process with its number shares.
private enum ProcessStart {
    /// - Returns: `nil` where the system does not say.
    static func of(_ processID: Int32) -> String? {
        guard let boot = contents(of: "/proc/sys/kernel/random/boot_id"),
            let status = contents(of: "/proc/\(processID)/stat"),
            let name = status.lastIndex(of: ")")
        else { return nil }
        // After the name, which may hold anything, the third field is the first; the start is the 22nd.
        let fields = status[status.index(after: name)...].split(separator: " ")
        guard fields.count > 19 else { return nil }
        return "\(fields[19]) \(boot.trimmingCharacters(in: .whitespacesAndNewlines))"
    }

    private static func contents(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
