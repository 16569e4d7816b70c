import Foundation

/// An address of the loopback interface, as the socket calls want it.
struct LoopbackAddress {
    private var address = sockaddr_in()

    init(port: Int) {
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    }

    func bind(_ descriptor: Int32) -> Bool {
        withPointer { Foundation.bind(descriptor, $0, $1) == 0 }
    }

    func connect(_ descriptor: Int32) -> Bool {
        withPointer { Foundation.connect(descriptor, $0, $1) == 0 }
    }

    /// The port that a bound socket was given.
    mutating func port(of descriptor: Int32) -> Int? {
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return result == 0 ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }

    private func withPointer(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
