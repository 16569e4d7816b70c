import Foundation
import TallyGroup
import TallyHarness
import Testing

/// A folder with a `tally.yaml` of one group, `carts`, whose first member is its seed.
struct GroupSite {
    let site: Site
    let members: [String]

    /// - Parameters:
    ///   - stores: Stores by name.
    ///   - members: In order.
    ///   - tables: What stands between the braces of `tables:`.
    ///   - flows: What ``Site/flow(_:from:to:_:)`` made.
    init(
        _ stores: [String: Site.StoreLine],
        members: [String],
        tables: String,
        flows: [String] = [],
        more: String = ""
    ) throws {
        site = try Site(stores: stores, flows: flows)
        self.members = members
        let yaml = try String(contentsOfFile: site.folder.file("tally.yaml"), encoding: .utf8)
        try site.folder.write(
            (flows.isEmpty ? yaml.replacing("flows:\n", with: "") : yaml) + """
                groups:
                  - name: carts
                    members: [\(members.joined(separator: ", "))]
                    seed: \(members[0])
                    tables: { \(tables) }
                \(more)
                """,
            to: "tally.yaml"
        )
    }

    /// Three SQLite files.
    init(tables: String, more: String = "") throws {
        let names = ["eu", "us", "edge"]
        let stores = Dictionary(uniqueKeysWithValues: names.map { ($0, Site.StoreLine(stringLiteral: "\($0).db")) })
        try self.init(stores, members: names, tables: tables, more: more)
    }

    func shell(_ member: String) -> SQLiteShell { SQLiteShell("\(member).db", in: site.folder) }

    /// The lines that a query prints in each member, all of which are SQLite files.
    func answers(_ query: String) async throws -> [[String]] {
        var answers: [[String]] = []
        for member in members { answers.append(try await shell(member).lines(query)) }
        return answers
    }

    /// The lines that a query prints in every member, which are one and the same.
    func everywhere(_ query: String) async throws -> [String] {
        let answers = try await answers(query)
        #expect(Set(answers).count == 1, "\(answers)")
        return answers[0]
    }

    func statuses() async throws -> [GroupStatus] {
        struct List: Decodable {
            var groups: [GroupStatus]
        }
        return try await site.status(as: List.self).groups
    }

    /// Waits until every member of every group is live.
    func waitUntilLive(_ child: ChildProcess) async throws {
        try await eventually("all members are live", each: .milliseconds(50)) {
            if let ending = child.ended { throw WaitedInVain("it ended with \(ending): \(child.standardError)") }
            let groups = try await statuses()
            return !groups.isEmpty && groups.allSatisfy { $0.members.allSatisfy { $0.phase == .live } }
        }
    }
}
