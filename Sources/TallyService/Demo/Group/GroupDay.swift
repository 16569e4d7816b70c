import Foundation
import TallyGroup
import TallyModel

/// What happens in the demonstration of a group, act by act.
struct GroupDay {
    private let folder: DemoFolder
    private let screen: DemoScreen
    private let branches = [Branch("eu"), Branch("us"), Branch("edge")]
    private let client: ControlClient

    /// The van's folder, as it is in reach and as it is not.
    private var near: String { folder.path + "/edge" }
    private var away: String { folder.path + "/edge-away" }

    private static let configuration = """
        stores:
          eu:   { kind: sqlite, path: eu.db }
          us:   { kind: sqlite, path: us.db }
          edge: { kind: sqlite, path: edge/edge.db }    # a van that is not always in reach
        groups:
          - name: shop
            members: [eu, us, edge]
            seed: eu
            tables:
              items: { merge: { stock: counter, tags: set, notes: text } }
        """

    init(_ folder: DemoFolder, _ screen: DemoScreen) throws {
        self.folder = folder
        self.screen = screen
        client = try ControlClient(ControlSocket(state: folder.path + "/.tally"))
    }

    private func path(of branch: Branch) -> String {
        branch.name == "edge" ? near + "/edge.db" : folder.path + "/\(branch.name).db"
    }

    func run(transactions: Int, pause: Duration) async throws -> Int32 {
        try FileManager.default.createDirectory(atPath: near, withIntermediateDirectories: true)
        try await branches[0].open(path(of: branches[0]))
        try await branches[0].makeItems()
        screen.step("eu.db", "\(Humane.count(Branch.items + 1)) items, \(Humane.count(Branch.stock)) of each in stock")
        try folder.write(Self.configuration, to: "tally.yaml")
        for line in Self.configuration.split(separator: "\n") { screen.say(Line("    ") + Line(String(line), .faint)) }
        let child = try DemoChild(configuration: folder.path + "/tally.yaml", log: folder.path + "/tally.log")
        do {
            screen.step("tally run", "started as process \(child.id)")
            let agrees = try await play(child, transactions: transactions, pause: pause)
            let code = try await child.stop()
            screen.heading(agrees && code == 0 ? "All three agree, row by row." : "They do not agree.")
            screen.step("tally run", "stopped with SIGTERM, exit code \(code)")
            return agrees && code == 0 ? 0 : 1
        } catch {
            if child.exitCode == nil { _ = try await child.stop() }
            throw error
        }
    }

    private func play(_ child: DemoChild, transactions: Int, pause: Duration) async throws -> Bool {
        let socket = ControlSocket(state: folder.path + "/.tally")
        try await child.wait(until: "it takes no questions") { try socket.isLive() }
        try await child.wait(until: "the members have not all joined") { try await phases() == [.live, .live, .live] }
        screen.step("us, edge", "joined: Tally made the table there and brought the rows")
        try await sell(child, transactions: transactions, pause: pause)
        try await part(child)
        return try await meet(child)
    }

    private func phases() async throws -> [GroupStatus.Phase] {
        try await client.groupStatuses().first?.members.map(\.phase) ?? []
    }

    // MARK: Acts

    /// All sell at the same time.
    private func sell(_ child: DemoChild, transactions: Int, pause: Duration) async throws {
        screen.heading("All three sell at once, with nobody waiting for anybody")
        for branch in branches.dropFirst() { try await branch.open(path(of: branch)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for branch in branches {
                group.addTask {
                    for number in 0..<transactions {
                        try await branch.step(number)
                        try await Task.sleep(for: pause)
                    }
                }
            }
            try await group.waitForAll()
        }
        for branch in branches {
            let (transactions, sold) = (await branch.transactions, await branch.sold)
            screen.step(branch.name, "\(Humane.count(transactions)) transactions, \(Humane.count(sold)) units sold")
        }
        try await waitUntilEqual(child)
        screen.step("equal", "all three, while `tally run` goes on")
    }

    /// The van drives out of reach, and all three write the same row.
    private func part(_ child: DemoChild) async throws {
        screen.heading("edge is out of reach: its folder is gone, as a network or a disk may be")
        await branches[2].close()
        try FileManager.default.moveItem(atPath: near, toPath: away)
        try await child.wait(until: "it does not notice that edge is gone") {
            try await phases() == [.live, .live, .retrying]
        }
        screen.step("status", "eu live, us live, edge retrying")
        try await branches[2].open(away + "/edge.db")
        try await write(
            0,
            """
            UPDATE items SET stock = stock - 3, tags = json_insert(tags, '$[#]', 'organic'),
                notes = 'The quick brown fox jumps.', price = 4.1 WHERE sku = 'tea'
            """,
            selling: 3
        )
        try await write(1, "UPDATE items SET stock = stock - 4 WHERE sku = 'tea'", selling: 4)
        try await write(
            2,
            """
            UPDATE items SET stock = stock - 2, tags = json_insert(json_remove(tags, '$[0]'), '$[#]', 'last'),
                notes = 'The quick fox jumps over the dog.', price = 3.9 WHERE sku = 'tea'
            """,
            selling: 2
        )
    }

    private func write(_ place: Int, _ sql: String, selling units: Int) async throws {
        let branch = branches[place]
        try await branch.write(sql, selling: units)
        let lines = sql.split(separator: "\n").map { $0.drop { $0 == " " } }
        screen.step(branch.name, String(lines[0]))
        for line in lines.dropFirst() { screen.step("", "    " + line) }
    }

    /// The van comes back.
    private func meet(_ child: DemoChild) async throws -> Bool {
        await branches[2].close()
        try FileManager.default.moveItem(atPath: away, toPath: near)
        screen.heading("edge is back")
        try await child.wait(until: "edge has not come back") { try await phases() == [.live, .live, .live] }
        try await waitUntilEqual(child)
        let proof = try GroupProof(branches.map { ($0.name, path(of: $0)) })
        let isMerged = try await showTea(proof)
        let isShown = try await showConflicts()
        let agrees = try await showProof(proof)
        await proof.close()
        for branch in branches { await branch.close() }
        return isMerged && isShown && agrees
    }

    private func waitUntilEqual(_ child: DemoChild) async throws {
        let proof = try GroupProof(branches.map { ($0.name, path(of: $0)) })
        // A second look at what a member sends on: equal files may still have news for each other.
        try await child.wait(until: "the members do not become equal") { try await proof.areEqual() }
        await proof.close()
    }

    // MARK: What came of it

    /// - Returns: Whether every member holds what the policies promise.
    private func showTea(_ proof: GroupProof) async throws -> Bool {
        var table = TextTable(
            .init(heading: "tea"),
            .init(heading: "policy"),
            .init(heading: "in every member"),
            .init(heading: "")
        )
        var isRight = true
        let expected = [
            ("stock", "counter", "\(Branch.stock - 9)"),
            ("tags", "set", #"["organic","last"]"#),
            ("notes", "text", "The quick brown fox jumps over the dog."),
            ("price", "latest", "3.9"),
        ]
        for (column, policy, value) in expected {
            let answers = try await proof.answers(to: "SELECT \(column) FROM items WHERE sku = 'tea'")
            let isAgreed = answers.allSatisfy { $0 == value }
            isRight = isRight && isAgreed
            let shown = isAgreed ? value : answers.joined(separator: " / ")
            table.add(Line(column), Line(policy), Line(shown), DemoScreen.mark(isAgreed))
        }
        for line in table.lines(indent: 2) { screen.say(line) }
        return isRight
    }

    /// - Returns: Whether there is one, as there has to be.
    private func showConflicts() async throws -> Bool {
        let ledger = GroupConflicts(ledger: folder.path + "/.tally/groups/shop.db")
        screen.heading("The conflict: two changed the price and neither had seen the other's")
        let conflicts = try await ledger.conflicts(of: "tea", column: 2)
        for conflict in conflicts {
            let writes = conflict.writes.map { "\($0.author) wrote \(Self.text($0.value))" }.joined(separator: ", ")
            let winner = conflict.winner.map { "; \($0)'s is the later" } ?? ""
            screen.step("price", "was \(Self.text(conflict.before)); \(writes)\(winner)")
        }
        let count = try await client.groupStatuses().first?.resolved ?? 0
        screen.step(
            "in all",
            "\(Humane.count(count, "conflict")) by `latest`, kept in the ledger with all that was written"
        )
        return !conflicts.isEmpty
    }

    private static func text(_ value: Value?) -> String {
        switch value {
        case .real(let real): "\(real)"
        case .integer(let integer): "\(integer)"
        case let value?: "\(value)"
        case nil: "nothing"
        }
    }

    private func showProof(_ proof: GroupProof) async throws -> Bool {
        screen.heading("The proof: the same questions to each, without Tally")
        var table = TextTable(
            .init(heading: "SQL"),
            .init(heading: branches[0].name, isNumber: true),
            .init(heading: branches[1].name, isNumber: true),
            .init(heading: branches[2].name, isNumber: true),
            .init(heading: "")
        )
        var agrees = true
        for question in GroupProof.questions {
            let answers = try await proof.answers(to: question)
            let isAgreed = Set(answers).count == 1
            agrees = agrees && isAgreed
            let lines = answers.map { Line($0) }
            table.add(Line(question), lines[0], lines[1], lines[2], DemoScreen.mark(isAgreed))
        }
        for line in table.lines(indent: 2) { screen.say(line) }
        for (member, missing, surplus) in try await proof.differences() {
            agrees = agrees && missing == 0 && surplus == 0
            screen.step("eu ↔ \(member)", "\(missing) rows only in eu, \(surplus) only in \(member)")
        }
        let isComplete = try await showSum(proof)
        return agrees && isComplete
    }

    /// Every unit that anybody sold is missing from the stock, once.
    private func showSum(_ proof: GroupProof) async throws -> Bool {
        var sold = 0
        for branch in branches { sold += await branch.sold }
        let sku = "sku = 'tea' OR sku LIKE 'SKU-%'"
        let left = try await proof.answers(to: "SELECT sum(stock) FROM items WHERE \(sku)")
        let begun = (Branch.items + 1) * Branch.stock
        let isRight = left.allSatisfy { $0 == "\(begun - sold)" }
        screen.say(
            Line("  ") + Line("stock").padded(to: 12)
                + Line("\(Humane.count(begun)) − \(Humane.count(sold)) sold = \(Humane.count(begun - sold))  ")
                + DemoScreen.mark(isRight)
        )
        return isRight
    }
}
