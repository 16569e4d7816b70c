import Foundation
import Programs
package import TallyEngine
package import TallyModel

/// A folder with a `tally.yaml`, and the command run in it as a user would.
package struct Site {
    package let folder: ScratchFolder
    package let source: SQLiteShell
    package let target: SQLiteShell

    /// A flow `copy` from `source.db` to `target.db`.
    ///
    /// - Parameter flow: More keys of the flow, one a line.
    package init(flow: String = "") throws {
        try self.init(
            stores: ["source": "source.db", "target": "target.db"],
            flows: [Self.flow("copy", from: "source", to: "target", flow)]
        )
    }

    /// A store of a `tally.yaml`. A text alone is the path of a SQLite file.
    package struct StoreLine: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
        let settings: String

        private init(settings: String) {
            self.settings = settings
        }

        package init(stringLiteral path: String) {
            self.init(settings: "kind: sqlite, path: \"\(path)\"")
        }

        /// - Parameter more: More keys, as they stand between braces.
        package static func postgres(_ url: String, _ more: String = "") -> StoreLine {
            StoreLine(settings: "kind: postgres, url: \"\(url)\"" + (more.isEmpty ? "" : ", \(more)"))
        }
    }

    /// - Parameters:
    ///   - stores: Stores by name.
    ///   - flows: What ``flow(_:from:to:_:)`` made.
    ///   - groups: Each as it stands in the file.
    package init(stores: [String: StoreLine], flows: [String] = [], groups: [String] = []) throws {
        folder = try ScratchFolder()
        source = SQLiteShell("source.db", in: folder)
        target = SQLiteShell("target.db", in: folder)
        try configure(stores: stores, flows: flows, groups: groups)
    }

    package func configure(stores: [String: StoreLine], flows: [String] = [], groups: [String] = []) throws {
        let stores = stores.sorted { $0.key < $1.key }.map { "  \($0.key): { \($0.value.settings) }" }
        var text = "stores:\n" + stores.joined(separator: "\n") + "\n"
        if !flows.isEmpty { text += "flows:\n" + flows.joined(separator: "\n") + "\n" }
        if !groups.isEmpty { text += "groups:\n" + groups.joined(separator: "\n") + "\n" }
        try folder.write(text, to: "tally.yaml")
    }

    /// One flow of a `tally.yaml`, with waits between attempts that suit a test.
    package static func flow(_ name: String, from: String, to: String, _ more: String = "") -> String {
        var lines = ["name: \(name)", "from: \(from)", "to: \(to)", "retry: { first: 5ms, most: 50ms }"]
        lines += more.split(separator: "\n").map(String.init)
        return "  - " + lines.joined(separator: "\n    ")
    }

    // MARK: The command

    /// The program under test: beside the test bundle, where one build put both.
    package static let executable: String = {
        let bundle = Bundle.main.executableURL?.deletingLastPathComponent().path ?? "."
        let built =
            URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path + "/.build/release"
        return [bundle, built].map { $0 + "/tally" }.first(where: FileManager.default.isExecutableFile) ?? "tally"
    }()

    package func start(_ arguments: String..., environment: [String: String] = [:]) throws -> ChildProcess {
        try ChildProcess(Self.executable, arguments, in: folder, environment: environment)
    }

    /// Runs until the process has reached a milestone for the given time, and dies there.
    package func die(at milestone: Milestone, _ occurrence: Int) async throws {
        let child = try start("run", environment: ["TALLY_CRASH_AT": "\(milestone.rawValue):\(occurrence)"])
        guard try await child.wait() == .killed(signal: SIGKILL) else {
            throw WaitedInVain("it ended by itself: \(child.standardError)")
        }
    }

    package struct Answer: Sendable {
        package var exitCode: Int32
        package var output: String
        package var errors: String

        /// All that the command said.
        package var text: String { output + errors }
    }

    /// Runs a command to its end.
    package func run(_ arguments: String..., within deadline: Duration = .seconds(600)) async throws -> Answer {
        let child = try ChildProcess(Self.executable, arguments, in: folder)
        switch try await child.wait(within: deadline) {
        case .exited(let code):
            return Answer(exitCode: code, output: child.standardOutput, errors: child.standardError)
        case .killed(let signal):
            throw WaitedInVain("tally \(arguments) was killed by signal \(signal): \(child.standardError)")
        }
    }

    /// Runs until caught up, and insists that it worked.
    package func syncOnce() async throws {
        let answer = try await run("run", "--once")
        guard answer.exitCode == 0 else {
            throw WaitedInVain("tally run --once exited with \(answer.exitCode): \(answer.text)")
        }
    }

    /// What `tally status --json` says of flows.
    package func status() async throws -> [FlowStatus] {
        struct List: Decodable {
            var flows: [FlowStatus]
        }
        return try await status(as: List.self).flows
    }

    /// What `tally status --json` says, as far as `List` has it.
    package func status<List: Decodable>(as type: List.Type) async throws -> List {
        let answer = try await run("status", "--json")
        do {
            return try JSONDecoder().decode(type, from: Data(answer.output.utf8))
        } catch {
            throw WaitedInVain("tally status --json exited with \(answer.exitCode): \(answer.text) (\(error))")
        }
    }

    /// Waits until every table of every flow follows its source's stream.
    package func waitUntilLive(_ child: ChildProcess) async throws {
        try await eventually("all tables are live", each: .milliseconds(50)) {
            if let ending = child.ended { throw WaitedInVain("it ended with \(ending): \(child.standardError)") }
            let flows = try await status()
            return flows.allSatisfy { flow in
                flow.phase == .live && !flow.tables.isEmpty && flow.tables.allSatisfy { $0.phase == .live }
            }
        }
    }

    /// Waits until a query of the target prints `expected`.
    package func waitForTarget(_ query: String, _ expected: String) async throws {
        try await eventually("\(query) prints \(expected)") { try await target.run(query) == expected }
    }

    /// Ends a running `tally run` as an operator does, and insists that it ends well.
    package func stop(_ child: ChildProcess) async throws {
        child.send(SIGTERM)
        let ending = try await child.wait()
        guard ending == .exited(0) else {
            throw WaitedInVain("after SIGTERM it ended with \(ending): \(child.standardError)")
        }
    }

    /// Insists that source and target hold the same rows.
    package func requireAgreement() async throws {
        try await Comparison(source, target).requireAgreement()
    }
}
