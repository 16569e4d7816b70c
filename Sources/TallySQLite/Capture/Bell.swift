import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What the thread of a ``CommitWatch`` sleeps on: a pipe that others write to, and the kernel's word of file writes.
package final class Bell: Sendable {
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
    /// What tells of files that come to the folder.
    private let folderWatch: Int32
    /// The files whose writes matter, by their names and by their paths.
    private let names: [[UInt8]]
    private let paths: [String]

    package init(path: String) {
        // SQLite keeps its journals beside the file itself, not beside a link to it.
        let file = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        let files = ["", "-wal", "-journal"]
        names = files.map { Array((file.lastPathComponent + $0).utf8) }
        paths = files.map { file.path + $0 }
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        (reading, writing) = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        #if os(Linux)
        // Where any of this fails the slow look goes on finding what there is.
        notes = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        let folder = file.deletingLastPathComponent().path
        folderWatch = notes < 0 ? -1 : inotify_add_watch(notes, folder, UInt32(IN_CREATE | IN_DELETE | IN_MOVED_TO))
        listen()
        #else
        notes = -1
        folderWatch = -1
        #endif
    }

    /// Listens to the files' writes, and not to those of the whole folder: a target in the same one would pay for each
    /// of its writes. Journals come and go, so this is done again when the folder tells of one.
    private func listen() {
        #if os(Linux)
        guard notes >= 0 else { return }
        // A file that is listened to already keeps its watch, and the watch of one that is gone goes by itself.
        for path in paths { _ = inotify_add_watch(notes, path, UInt32(IN_MODIFY)) }
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
    package func drainWrites() -> Bool {
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
                    let watch = bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)
                    let mask = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                    let length = Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                    let name = bytes[(offset + 16)..<min(offset + 16 + length, count)].prefix { $0 != 0 }
                    // A file's own watch gives no name, and neither does an overflow of the kernel's queue.
                    let isOfFolder = watch == folderWatch
                    if !isOfFolder { isOurs = isOurs || mask & UInt32(IN_MODIFY | IN_Q_OVERFLOW) != 0 }
                    if isOfFolder, names.contains(where: name.elementsEqual) {
                        // What was written to the file before this is found by the look that follows.
                        listen()
                        isOurs = true
                    }
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
