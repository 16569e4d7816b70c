import Foundation

/// Ports for servers.
enum FreePort {
    /// A port of the loopback interface that nobody listens on.
    ///
    /// From below the range that systems take ports for outgoing connections from: a server that is stopped for a while
    /// must find its port free again, and a client that tries it meanwhile must not meet itself there.
    static func find() throws -> Int {
        for _ in 0..<200 {
            let port = UInt16.random(in: 15_000..<32_000)
            if isFree(port) { return Int(port) }
        }
        throw PrivatePostgresError("no port between 15000 and 32000 is free on 127.0.0.1")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        #if canImport(Darwin)
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
