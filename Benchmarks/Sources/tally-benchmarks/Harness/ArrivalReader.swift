import Foundation
import Synchronization

/// A thread that looks when rows become visible in a file.
final class ArrivalReader: Sendable {
    private enum State {
        case reading
        case done([Int: UInt64])
        case failed(String)
    }

    private let path: String
    private let last: Int
    private let state = Mutex(State.reading)

    /// - Parameter last: The id of the row after which reading ends.
    init(path: String, last: Int) {
        self.path = path
        self.last = last
    }

    func start() {
        Thread.detachNewThread { [self] in
            let result: State
            do {
                result = .done(try read())
            } catch {
                result = .failed("\(error)")
            }
            state.withLock { $0 = result }
        }
    }

    /// When each row was first seen, by its id. Waits for the last.
    func arrivals() throws -> [Int: UInt64] {
        while true {
            switch state.withLock({ $0 }) {
            case .reading: usleep(1000)
            case .done(let arrivals): return arrivals
            case .failed(let reason): throw BenchmarkError(reason)
            }
        }
    }

    private func read() throws -> [Int: UInt64] {
        let database = try Database(path: path)
        let newest = try database.prepare("SELECT max(id) FROM items")
        var arrivals: [Int: UInt64] = [:]
        var seen = try newest.integer() ?? 0
        var quietSince = Nanoseconds.now
        while seen < last {
            let id = try newest.integer() ?? 0
            let now = Nanoseconds.now
            if id > seen {
                for key in (seen + 1)...id { arrivals[key] = now }
                seen = id
                quietSince = now
            } else if now - quietSince > 30_000_000_000 {
                throw BenchmarkError("\(path): no row has arrived for 30 seconds; the last has the id \(seen)")
            }
            usleep(200)
        }
        return arrivals
    }
}
