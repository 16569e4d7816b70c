import Foundation

/// How much the kernel takes in of the log ahead of the reader.
///
/// A walsender hands each message to the kernel by itself (`WalSndWriteData` in PostgreSQL's `walsender.c`), and while
/// the receiver has room the kernel sends each at once: a packet, an interrupt and a wake-up for every change, which
/// cost the server more than the change does. While the receiver has none, messages are only put behind those that
/// wait, and travel together. So a reader that is behind does best to take little ahead, and to leave that full for some
/// milliseconds at a time: the server is then about half as long at work.
enum ReceiveWindow {
    private static let small: Int32 = 64 << 10
    /// From this round trip on, a small window would bound the rate.
    private static let longestTrip: UInt32 = 1000

    /// Makes the window small where the server is near.
    ///
    /// - Returns: Whether it is: over a network of some distance, or through a socket of the file system, where the kernel
    ///   puts nothing together, it stays as it was.
    static func narrow(_ socket: Int32) -> Bool {
        guard let trip = shortestTrip(socket), trip < longestTrip else { return false }
        var bytes = small
        return setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size)) == 0
    }

    /// How long the kernel at the other end is given to send what it had no room for.
    private static let refill: TimeInterval = 80e-6
    /// More than a server writes in that time.
    private static let piece: Int32 = 32 << 10

    /// Whether more comes at once, after all was read that was here.
    ///
    /// There may be megabytes of it: where the kernel paces what it sends (BBR does), or sent something again, it does not
    /// come as fast as it is read. Left alone, it would come a window's worth at a time, and the server, whose messages then
    /// find no room, would wait.
    static func refills(_ socket: Int32) -> Bool {
        Thread.sleep(forTimeInterval: refill)
        var waiting: Int32 = 0
        return ioctl(socket, UInt(FIONREAD), &waiting) == 0 && waiting >= piece
    }

    /// The shortest round trip so far, in microseconds: the average says how busy the two are rather than how far apart.
    ///
    /// `tcpi_min_rtt` of Linux's `struct tcp_info` (`include/uapi/linux/tcp.h`), to which the C library's does not reach.
    private static func shortestTrip(_ socket: Int32) -> UInt32? {
        let place = 148
        var facts = [UInt8](repeating: 0, count: 256)
        var size = socklen_t(facts.count)
        guard getsockopt(socket, Int32(IPPROTO_TCP), TCP_INFO, &facts, &size) == 0, size >= place + 4 else {
            return nil
        }
        return facts.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) }
    }
}
