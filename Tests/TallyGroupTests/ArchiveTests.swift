import TallyGroup
import TallyLedger
import TallyMerge
import TallyModel
import Testing

/// What the ledger tells about the past.
@Suite struct ArchiveTests {
    private func history() throws -> Scene {
        let scene = try Scene()
        try scene.put("eu", seen: 0, at: 10, quantity: .integer(10), note: .text("new"), id: .integer(1))
        try scene.put("eu", seen: 1, at: 20, quantity: .integer(7))
        try scene.put("us", seen: 1, at: 30, quantity: .integer(8))
        try scene.delete("edge", seen: 2, at: 40)
        return scene
    }

    @Test func `Conflicts are found by table, member, state and time`() async throws {
        let scene = try history()
        let archive = scene.archive
        func ids(_ query: ConflictQuery) async throws -> [Int64] {
            try await archive.conflicts(query).map(\.record.id)
        }
        #expect(try await ids(ConflictQuery()) == [1, 2])
        #expect(try await ids(ConflictQuery(table: "items")) == [1, 2])
        #expect(try await ids(ConflictQuery(member: "edge")) == [2])
        #expect(try await ids(ConflictQuery(member: "eu")) == [1])
        #expect(try await ids(ConflictQuery(state: .waiting)).isEmpty)
        #expect(try await ids(ConflictQuery(since: Scene.time(35))) == [2])
        await #expect(throws: Refusal(.notFound, "group carts has no table cart; tables: items")) {
            try await archive.conflicts(ConflictQuery(table: "cart"))
        }
        await #expect(throws: Refusal(.notFound, "group carts has no member asia; members: eu, us, edge")) {
            try await archive.conflicts(ConflictQuery(member: "asia"))
        }
    }

    @Test func `A conflict tells what had been, who wrote what, and what stands`() async throws {
        let conflict = try #require(try await history().archive.conflict(1))
        #expect(conflict.record.policy == "latest")
        #expect(conflict.record.column == 1)
        #expect(conflict.base == Row([.integer(1), .integer(10), .text("new")]))
        #expect(conflict.parties.map(\.member) == ["eu", "us"])
        #expect(conflict.parties.map(\.seen) == [1, 1])
        #expect(conflict.parties.map(\.entry) == [2, 3])
        #expect(conflict.parties.map { $0.write.edits.first?.after } == [.integer(7), .integer(8)])
        #expect(conflict.winner == "us")
        #expect(conflict.record.result?[1] == .integer(8))
    }

    @Test func `Every version of a row says who wrote it, having seen what`() async throws {
        let history = try await history().archive.history(of: "items", key: "1")
        #expect(history.versions.map(\.author) == ["eu", "eu", "us", "edge"])
        #expect(history.versions.map(\.seen) == [0, 1, 1, 2])
        #expect(history.versions.map(\.unseen) == [[], [], [2], [3]])
        #expect(history.versions.map(\.conflicts) == [[], [], [1], [2]])
        #expect(history.versions.map(\.committed) == [10, 20, 30, 40].map { Scene.time($0) })
        #expect(history.versions.map { $0.row?[1] } == [.integer(10), .integer(7), .integer(8), nil])
    }

    @Test func `A key is read as keys of the table are`() async throws {
        let archive = try history().archive
        #expect(try await archive.history(of: "items", key: "[1]").versions.count == 4)
        let row = await #expect(throws: Refusal.self) { try await archive.history(of: "items", key: "2") }
        #expect(row?.message == "the ledger of group carts knows no row of items with id = 2")
        let parts = await #expect(throws: Refusal.self) { try await archive.history(of: "items", key: "[1, 2]") }
        #expect(parts?.message == "the key is (id): write id with values in their place, or a JSON array")
    }

    @Test func `A ledger that is not there yet has no conflicts`() async throws {
        let scene = try history()
        let archive = GroupArchive(scene.settings, ledgerPath: scene.path + "-none", expressions: NoExpressions())
        #expect(try await archive.conflicts(ConflictQuery()).isEmpty)
        #expect(try await archive.conflict(1) == nil)
    }

    // MARK: Other policies

    private func counting() throws -> Scene {
        let scene = try Scene()
        try scene.put("eu", seen: 0, at: 10, quantity: .integer(10), note: .text("new"), id: .integer(1))
        try scene.put("eu", seen: 1, at: 20, quantity: .integer(12))
        try scene.put("eu", seen: 1, at: 25, quantity: .integer(15))
        try scene.put("us", seen: 1, at: 30, quantity: .integer(9))
        return scene
    }

    @Test func `Recorded history under another policy, with what was superfluous under the first`() async throws {
        let scene = try counting()
        let counter = GroupTableSettings(name: TableName("items"), columns: ["quantity": .policy(.counter)])
        let simulation = try await scene.archive.simulate([counter], since: nil)
        let item = try #require(simulation.items.first)
        #expect(simulation.items.count == 1)
        #expect(item.conflict == 1)
        #expect(item.now == .value(.integer(9)))
        // 10, and 2, and 3, and one less; `latest` had no need of the first of them.
        #expect(item.then == .value(.integer(14)))
        #expect(item.clashes == false)
        #expect(try await scene.states() == [.resolved], "nothing was changed")
    }

    @Test func `What would wait, what would be the same, and what is too old`() async throws {
        let scene = try counting()
        let manual = GroupTableSettings(name: TableName("items"), columns: ["quantity": .policy(.manual)])
        let waiting = try await scene.archive.simulate([manual], since: nil)
        #expect(waiting.items.map(\.waits) == [true])
        #expect(waiting.items.map(\.differs) == [false])
        #expect(try await scene.archive.simulate([manual], since: Scene.time(31)).items.isEmpty)
        let same = try await scene.archive.simulate([], since: nil)
        #expect(same.items.map(\.differs) == [false])
        #expect(same.items.map(\.clashes) == [true])
    }

    @Test func `A conflict that was none arises`() async throws {
        let scene = try Scene(["quantity": .policy(.counter)])
        try scene.put("eu", seen: 0, at: 10, quantity: .integer(10), note: .text("new"), id: .integer(1))
        try scene.put("eu", seen: 1, at: 20, quantity: .integer(12))
        try scene.put("us", seen: 1, at: 30, quantity: .integer(9))
        let latest = GroupTableSettings(name: TableName("items"))
        let item = try #require(try await scene.archive.simulate([latest], since: nil).items.first)
        #expect(item.conflict == nil)
        #expect(item.clashes)
        #expect(item.now == .value(.integer(11)))
        #expect(item.then == .value(.integer(9)))
    }

    @Test func `Policies for tables and columns that are not there are refused`() async throws {
        let archive = try counting().archive
        let column = GroupTableSettings(name: TableName("items"), columns: ["qty": .policy(.counter)])
        await #expect(throws: Refusal(.invalid, "table items has no column qty; its columns are id, quantity, note")) {
            try await archive.simulate([column], since: nil)
        }
        await #expect(throws: Refusal.self) {
            try await archive.simulate([GroupTableSettings(name: TableName("cart"))], since: nil)
        }
    }
}
