import Foundation
import Programs
import TallyHarness

/// A small file system of its own, in memory, which only root can make.
final class Disk {
    let path: String

    /// Whether this process may mount one; where it may not, the tests that need one are skipped, and say so.
    static let isAvailable: Bool = {
        // A folder of its own: another run of the tests may be probing at the same time.
        let path = NSTemporaryDirectory() + "tally-disk-" + UUID().uuidString.prefix(8).lowercased()
        let probe =
            "mkdir '\(path)' && mount -t tmpfs -o size=1m tally '\(path)' && umount '\(path)'; s=$?; rmdir '\(path)'; exit $s"
        let isRoot = geteuid() == 0
        let works = isRoot && shell(probe)
        if !works { print("SKIPPED: tests with a full or read-only disk need root and mount(8)") }
        return works
    }()

    /// - Parameter size: As mount(8) writes it: `3m`.
    init(at path: String, size: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard Self.shell("mount -t tmpfs -o size=\(size) tally '\(path)'") else { throw WaitedInVain("mount failed") }
    }

    deinit {
        _ = Self.shell("umount -l '\(path)'")
    }

    /// Changes what the disk allows: `size=64m`, `ro`, `rw`.
    func remount(_ options: String) throws {
        guard Self.shell("mount -o remount,\(options) '\(path)'") else { throw WaitedInVain("remount failed") }
    }

    private static func shell(_ script: String) -> Bool {
        do {
            return try ChildProgram.run(["/bin/sh", "-c", script]).ending == .exited(0)
        } catch {
            return false
        }
    }
}
