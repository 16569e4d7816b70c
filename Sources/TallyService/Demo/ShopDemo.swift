import Foundation
import TallyEngine
import TallyModel

/// The demonstration: a shop that goes on selling while another database follows it, and the proof that both agree.
public struct ShopDemo {
    /// Which databases the shop and its copy are in.
    public enum Kind: Sendable {
        /// Two SQLite files.
        ///
        /// - Parameter keep: Where the files go; `nil` for a folder that goes away afterwards.
        case files(keep: String?)
        /// Two databases of a PostgreSQL server that is started for the demo.
        case server
    }

    private let kind: Kind

    /// How many transactions the shop makes while it is copied, and the pause between them.
    private static let transactions = 1_500
    private static let pause = Duration.milliseconds(5)

    public init(_ kind: Kind) {
        self.kind = kind
    }

    /// Runs it, telling everything on standard output.
    ///
    /// - Returns: The exit code: 0 when both databases agree, 1 when they do not, 3 when something could not be done.
    public func run() async -> Int32 {
        var screen = DemoScreen()
        do {
            let folder = try DemoFolder(keep: keep, file: "shop.db")
            defer { folder.clean() }
            screen.heading("A shop goes on selling while a copy of its data follows, live.")
            let ends = try await makeEnds(folder.path)
            do {
                let code = try await play(ends, in: folder.path, &screen)
                await ends.close()
                return code
            } catch {
                await ends.close()
                throw error
            }
        } catch {
            screen.heading("The demo could not go on: \(error)")
            return 3
        }
    }

    private func play(_ ends: any DemoEnds, in folder: String, _ screen: inout DemoScreen) async throws -> Int32 {
        let clerk = try await prepare(folder, ends, screen)
        let configuration = folder + "/tally.yaml"
        let child = try DemoChild(configuration: configuration, log: folder + "/tally.log")
        do {
            screen.step("tally run", "started as process \(child.id)")
            screen.heading("The load, and what the shop does meanwhile")
            try await follow(child, clerk, ControlSocket(state: folder + "/.tally"), ends, &screen)
            screen.heading("What the shop did meanwhile")
            let deeds = await clerk.deeds
            for deed in ShopDay.Deed.allCases {
                screen.say(
                    Line(Humane.count(deeds[deed, default: 0])).padded(to: 7, isRightAligned: true)
                        + Line(" \(deed.rawValue)")
                )
            }
            let agrees = try await prove(ends, screen)
            let code = try await child.stop()
            screen.heading(agrees && code == 0 ? "Both agree, row by row." : "They do not agree.")
            screen.step("tally run", "stopped with SIGTERM, exit code \(code)")
            return agrees && code == 0 ? 0 : 1
        } catch {
            if child.exitCode == nil { _ = try await child.stop() }
            throw error
        }
    }

    // MARK: Steps

    private func prepare(_ folder: String, _ ends: any DemoEnds, _ screen: DemoScreen) async throws -> ShopClerk {
        if let preface = ends.preface { screen.step("server", preface) }
        let clock = ContinuousClock()
        let clerk = try ShopClerk(ends)
        let time = try await clock.measure { try await clerk.makeShop() }
        let rows = Humane.count(ShopDatabase.rows)
        let span = Humane.span(seconds: time.seconds)
        screen.step(ends.shop, "\(ShopDatabase.tables.count) tables, \(rows) rows, made in \(span)")
        try Data(Self.configuration(ends).utf8).write(to: URL(filePath: folder + "/tally.yaml"))
        screen.step("tally.yaml", "one flow, \(ends.shop) to \(ends.copy); in \(folder)")
        return clerk
    }

    /// Lets the shop work beside the copy and shows both, until the copy has the last order.
    private func follow(
        _ child: DemoChild,
        _ clerk: ShopClerk,
        _ socket: ControlSocket,
        _ ends: any DemoEnds,
        _ screen: inout DemoScreen
    ) async throws {
        let client = try ControlClient(socket)
        try await child.wait(until: "it takes no questions") { try socket.isLive() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<Self.transactions {
                    try await clerk.step(number)
                    try await Task.sleep(for: Self.pause)
                }
                try await clerk.closeDay()
            }
            defer { group.cancelAll() }
            var isSelling = true
            var proof: (any DemoProof)?
            while true {
                if let code = child.exitCode { throw DemoFailure("tally run ended with \(code):\n\(child.lastWords)") }
                guard let status = try await client.statuses().first else { throw DemoFailure("tally run has no flow") }
                let written = await clerk.transactions
                if status.phase == .stopped { throw DemoFailure("tally run stopped the flow: \(status.message ?? "")") }
                if isSelling, written == Self.transactions {
                    try await group.next()
                    isSelling = false
                    proof = try await ends.proof()
                }
                if let proof, try await proof.hasLastOrder(), status.tables.allSatisfy({ $0.phase == .live }) {
                    let last = try await client.statuses().first
                    return screen.endProgress(last ?? status, written: written)
                }
                screen.show(status, written: written)
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func prove(_ ends: any DemoEnds, _ screen: DemoScreen) async throws -> Bool {
        let proof = try await ends.proof()
        screen.heading("The proof: the same questions to each, without Tally")
        let questions = try await proof.questions()
        screen.show(questions, ends)
        let comparisons = try await proof.comparisons()
        if !comparisons.isEmpty {
            screen.heading("Row by row: what one has and the other has not")
            screen.show(comparisons)
        }
        return questions.allSatisfy(\.isAgreed) && comparisons.allSatisfy(\.isAgreed)
    }

    // MARK: Places

    private static func configuration(_ ends: any DemoEnds) -> String {
        """
        stores:
        \(ends.stores)
        flows:
          - name: shop-to-copy
            from: shop
            to: copy
        """
    }

    private func makeEnds(_ folder: String) async throws -> any DemoEnds {
        switch kind {
        case .files: FileEnds(folder: folder)
        case .server: try await ServerEnds.start()
        }
    }

    /// Where the user wants the files; `nil` for a folder that goes away.
    private var keep: String? { if case .files(let keep) = kind { keep } else { nil } }
}
