import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What the thread of a ``CommitWatch`` sleeps on: a pipe that others write to, and the kernel's word of file writes.
final class Bell: Sendable {
    enum Sound {
        case rung
        case rungOrWritten
    }

    enum Heard {
        case ring
        case write
        case nothing
    }

    #if os(Linux)
    /// For writes that the kernel did not tell of.
    static let slowLook = Duration.milliseconds(250)
    #else
    static let slowLook = Duration.milliseconds(10)
    #endif
    /// After a write: a synchronous commit may take the disk tens of milliseconds between its last write and its end.
    static let looks: [Duration] = [1, 1, 2, 4, 8, 16, 32].map { .milliseconds($0) }

    private let reading: Int32
    private let writing: Int32
    /// -1 where the kernel tells nothing.
    private let notes: Int32
    /// The files whose writes matter.
    private let names: [[UInt8]]

    init(path: String) {
        // SQLite keeps its journals beside the file itself, not beside a link to it.
        let file = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        names = ["", "-wal", "-journal"].map { Array((file.lastPathComponent + $0).utf8) }
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        (reading, writing) = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        notes = Self.listen(to: file.deletingLastPathComponent().path)
    }

    /// Listens to a folder, because journals come and go.
    private static func listen(to folder: String) -> Int32 {
        #if os(Linux)
        let notes = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard notes >= 0 else { return -1 }
        // Where this fails the slow look goes on finding what there is.
        _ = inotify_add_watch(notes, folder, UInt32(IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO))
        return notes
        #else
        return -1
        #endif
    }

    func ring() {
        var byte: UInt8 = 1
        // A full pipe has rung already.
        _ = write(writing, &byte, 1)
    }

    @discardableResult
    func sleep(until sound: Sound, atMost duration: Duration?) -> Heard {
        var entries = [pollfd(fd: reading, events: Int16(POLLIN), revents: 0)]
        if sound == .rungOrWritten, notes >= 0 {
            entries.append(pollfd(fd: notes, events: Int16(POLLIN), revents: 0))
        }
        let milliseconds = duration.map { Int32($0.components.attoseconds / 1_000_000_000_000_000) } ?? -1
        let count = poll(&entries, nfds_t(entries.count), milliseconds)
        guard count > 0 else { return .nothing }
        if entries[0].revents != 0 {
            drainRings()
            return .ring
        }
        return .write
    }

    /// Takes in what the kernel has told.
    ///
    /// - Returns: Whether any of it was about the database; its folder has other files.
    func drainWrites() -> Bool {
        #if os(Linux)
        guard notes >= 0 else { return false }
        var isOurs = false
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(notes, &buffer, buffer.count)
            guard count > 0 else { return isOurs }
            buffer.withUnsafeBytes { bytes in
                // Each note: watch, mask, cookie, and the length of the name that follows, padded with zeros (inotify(7)).
                var offset = 0
                while offset + 16 <= count {
                    let mask = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                    let length = Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                    let name = bytes[(offset + 16)..<min(offset + 16 + length, count)].prefix { $0 != 0 }
                    // An overflow of the kernel's queue names no file.
                    if mask & UInt32(IN_Q_OVERFLOW) != 0 || names.contains(where: name.elementsEqual) { isOurs = true }
                    offset += 16 + length
                }
            }
        }
        #else
        return false
        #endif
    }

    private func drainRings() {
        var buffer = [UInt8](repeating: 0, count: 64)
        while read(reading, &buffer, buffer.count) > 0 {}
    }

    deinit {
        for descriptor in [reading, writing, notes] where descriptor >= 0 { close(descriptor) }
    }
}
