import Foundation
import Synchronization

/// Stands between clients and a server on the loopback interface, and cuts connections when a test says so.
///
/// Plain sockets and two threads a connection: a cut shows to both ends as the network would show it.
package final class CuttingProxy: Sendable {
    /// What the next fitting connection is cut by.
    private struct Orders {
        /// How much more goes to the server, over all connections, before the one at hand is cut in mid-stream.
        var bytesLeft: Int?
        /// Whether the next answer that something was committed is kept back.
        var swallowsCommit = false
        var cuts = 0
        var links: [Int: Link] = [:]
        var nextID = 0
    }

    /// What clients connect to.
    package let port: Int
    private let serverPort: Int
    private let listener: Int32
    private let orders: Shared

    private final class Shared: Sendable {
        let value = Mutex(Orders())
    }

    /// - Parameter serverPort: Where what clients send goes to.
    package init(to serverPort: Int) throws {
        self.serverPort = serverPort
        orders = Shared()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = LoopbackAddress(port: 0)
        guard listener >= 0, address.bind(listener), listen(listener, 64) == 0, let port = address.port(of: listener)
        else { throw WaitedInVain("a proxy cannot listen: \(String(cString: strerror(errno)))") }
        self.port = port
        let (listener, orders) = (listener, orders)
        Self.thread("proxy") {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { break }
                Self.link(client, serverPort, orders)
            }
            close(listener)
        }
    }

    deinit {
        // Ends the wait for clients; that thread closes the descriptor.
        shutdown(listener, Int32(SHUT_RDWR))
        cutAll()
    }

    /// How many connections were cut by order.
    package var cuts: Int { orders.value.withLock { $0.cuts } }

    /// Cuts every connection there is.
    package func cutAll() {
        let links = orders.value.withLock { orders in
            orders.cuts += orders.links.count
            return Array(orders.links.values)
        }
        for link in links { link.cut() }
    }

    /// Lets so many bytes more go to the server, and then cuts the connection that carries them.
    package func cut(afterBytes count: Int) {
        orders.value.withLock { $0.bytesLeft = count }
    }

    /// Keeps back the next answer that a transaction was committed, and cuts its connection: the client cannot know.
    package func cutAtNextCommit() {
        orders.value.withLock { $0.swallowsCommit = true }
    }

    // MARK: Connections

    private static func link(_ client: Int32, _ serverPort: Int, _ orders: Shared) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard server >= 0, LoopbackAddress(port: serverPort).connect(server) else {
            // As a client sees a server that is down behind a balancer.
            if server >= 0 { close(server) }
            close(client)
            return
        }
        var on: Int32 = 1
        for descriptor in [client, server] {
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        let (id, link) = orders.value.withLock { orders in
            orders.nextID += 1
            let link = Link(client: client, server: server)
            orders.links[orders.nextID] = link
            return (orders.nextID, link)
        }
        let end: @Sendable () -> Void = {
            link.cut()
            if link.leave() { orders.value.withLock { $0.links[id] = nil } }
        }
        thread("to-server") {
            pump(from: client, to: server) { data in
                orders.value.withLock { orders in
                    guard let left = orders.bytesLeft else { return data.count }
                    guard data.count >= left else {
                        orders.bytesLeft = left - data.count
                        return data.count
                    }
                    orders.bytesLeft = nil
                    orders.cuts += 1
                    return left
                }
            }
            end()
        }
        thread("to-client") {
            pump(from: server, to: client) { data in
                orders.value.withLock { orders in
                    guard orders.swallowsCommit, saysCommit(data) else { return data.count }
                    orders.swallowsCommit = false
                    orders.cuts += 1
                    return 0
                }
            }
            end()
        }
    }

    /// Whether a message CommandComplete with the tag COMMIT is in it.
    private static func saysCommit(_ data: UnsafeRawBufferPointer) -> Bool {
        let message: [UInt8] = [UInt8(ascii: "C"), 0, 0, 0, 11] + Array("COMMIT".utf8) + [0]
        return data.contains(message)
    }

    /// Passes data on until either end closes, or `permitted` lets less through than there is.
    private static func pump(
        from source: Int32,
        to destination: Int32,
        permitted: (UnsafeRawBufferPointer) -> Int
    ) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = recv(source, buffer.baseAddress, buffer.count, 0)
            guard count > 0 else { return }
            let allowed = permitted(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            var sent = 0
            while sent < allowed {
                let step = send(destination, buffer.baseAddress! + sent, allowed - sent, Int32(MSG_NOSIGNAL))
                guard step > 0 else { return }
                sent += step
            }
            if allowed < count { return }
        }
    }

    private static func thread(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.stackSize = 1 << 18
        thread.start()
    }

    /// The two sockets of one connection. Closed by the last of its two threads, so that no number is reused under the
    /// other.
    private final class Link: Sendable {
        private let client: Int32
        private let server: Int32
        private let users = Mutex(2)

        init(client: Int32, server: Int32) {
            self.client = client
            self.server = server
        }

        /// Ends both directions; the threads notice.
        func cut() {
            users.withLock { users in
                guard users > 0 else { return }
                shutdown(client, Int32(SHUT_RDWR))
                shutdown(server, Int32(SHUT_RDWR))
            }
        }

        /// Called by each thread as its last act.
        ///
        /// - Returns: Whether it was the last one.
        func leave() -> Bool {
            users.withLock { users in
                users -= 1
                guard users == 0 else { return false }
                close(client)
                close(server)
                return true
            }
        }
    }
}
