import Foundation
import PrivatePostgres
import Programs
import TallyEngine
import TallyHarness
import TallyModel
import Testing

/// Two servers with a proxy before each, the program between them, and the faults that can be done to all of it.
final class CrashStage {
    let source: PostgresDatabase
    let target: PostgresDatabase
    let site: Site
    private let proxies: [Fault.Side: CuttingProxy]
    private var child: ChildProcess?

    init() async throws {
        source = try await PostgresDatabase("bank", on: PostgresServer.start())
        target = try await PostgresDatabase("copy", on: PostgresServer.start())
        let proxies: [Fault.Side: CuttingProxy] = [
            .source: try CuttingProxy(to: source.server.port), .target: try CuttingProxy(to: target.server.port),
        ]
        self.proxies = proxies
        func store(_ side: Fault.Side, _ database: PostgresDatabase) -> Site.StoreLine {
            .postgres("postgres://postgres@127.0.0.1:\(proxies[side]!.port)/\(database.name)")
        }
        site = try Site(
            stores: ["source": store(.source, source), "target": store(.target, target)],
            flows: [Site.flow("copy", from: "source", to: "target", "memory: 4MiB\nexisting: refuse")]
        )
    }

    private func database(_ side: Fault.Side) -> PostgresDatabase { side == .source ? source : target }

    // MARK: Faults

    func undergo(_ fault: Fault, number: Int) async throws {
        switch fault {
        case .killedAt(let milestone, let occurrence): try await kill(at: milestone, occurrence, number)
        case .killed: try await kill(try running())
        case .serverCrash(let side):
            _ = try running()
            try await database(side).server.restart(.immediate)
        case .sessionEnded(let side):
            _ = try running()
            try await database(side).psql(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'tally%' ORDER BY random() LIMIT 1
                """
            )
        case .connectionsCut(let side):
            _ = try running()
            proxies[side]?.cutAll()
        case .cutWhileSending(let side, let bytes):
            _ = try running()
            try await cut(side) { $0.cut(afterBytes: bytes) }
        case .cutBeforeCommitIsAnswered:
            _ = try running()
            try await cut(.target) { $0.cutAtNextCommit() }
        }
    }

    /// The program, started when it does not run.
    private func running() throws -> ChildProcess {
        if let child {
            try #require(child.ended == nil, "it ended by itself: \(child.standardError)")
            return child
        }
        let child = try site.start("run")
        self.child = child
        return child
    }

    private func kill(_ child: ChildProcess) async throws {
        child.send(SIGKILL)
        let ending = try await child.wait()
        try #require(ending == .killed(signal: SIGKILL), "it ended by itself: \(child.standardError)")
        self.child = nil
    }

    private func kill(at milestone: Milestone, _ occurrence: Int, _ number: Int) async throws {
        if let child { try await kill(child) }
        // A load of the table beside the bank, so that chunks are written; the bank's own tables stay as they are.
        let isLive = try await isBankLive()
        if milestone == .chunkWritten, isLive {
            let answer = try await site.run("resync", "copy", "ballast")
            try #require(answer.exitCode == 0, "\(answer.text)")
        }
        let child = try site.start("run", environment: ["TALLY_CRASH_AT": "\(milestone.rawValue):\(occurrence)"])
        if milestone == .chunkWritten, !isLive {
            // The first load may have fewer chunks left than that.
            try await eventually("a chunk is written, or the load is over") {
                if child.ended != nil { return true }
                return try await isBankLive()
            }
            if child.ended == nil {
                try await kill(child)
                return try await kill(at: milestone, occurrence, number)
            }
        }
        let ending = try await child.wait()
        try #require(ending == .killed(signal: SIGKILL), "fault \(number), \(milestone): \(child.standardError)")
    }

    private func cut(_ side: Fault.Side, _ order: (CuttingProxy) -> Void) async throws {
        guard let proxy = proxies[side] else { return }
        let before = proxy.cuts
        order(proxy)
        try await eventually("the connection is cut") {
            _ = try running()
            return proxy.cuts > before
        }
    }

    // MARK: State

    /// Whether all tables of the bank have been loaded, and the stream has passed what was loaded.
    func isBankLive() async throws -> Bool {
        let tables = try await site.status().flatMap(\.tables).filter { $0.table.hasPrefix("pgbench") }
        return tables.count == 4 && tables.allSatisfy { $0.phase == .live }
    }

    /// Ends the running program in order, and brings over what is left.
    func finish() async throws {
        if let child {
            try await site.stop(child)
            self.child = nil
        }
        try await site.syncOnce()
    }

    func close() async {
        await source.server.remove()
        await target.server.remove()
    }
}
