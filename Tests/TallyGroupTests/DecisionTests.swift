import TallyGroup
import TallyLedger
import TallyMerge
import TallyModel
import Testing

/// What people make of conflicts.
@Suite struct DecisionTests {
    /// eu and us both write the quantity of a row of 10, and us is later.
    private func twoUpdates(_ policy: ColumnPolicy = .latest) throws -> Scene {
        let scene = try Scene(["quantity": .policy(policy)])
        try scene.put("eu", seen: 0, at: 10, quantity: .integer(10), note: .text("new"), id: .integer(1))
        try scene.put("eu", seen: 1, at: 20, quantity: .integer(7))
        try scene.put("us", seen: 1, at: 30, quantity: .integer(8))
        return scene
    }

    private func refusal(_ scene: Scene, _ id: Int64, _ decision: ConflictDecision) async throws -> Refusal {
        try #require(await #expect(throws: Refusal.self) { try await scene.group().decide(id, decision) })
    }

    @Test func `Undo makes the row what lost, for everybody, and only that column`() async throws {
        let scene = try twoUpdates()
        #expect(try await scene.row() == Row([.integer(1), .integer(8), .text("new")]))
        try await scene.group().decide(1, .undo)
        #expect(try await scene.row() == Row([.integer(1), .integer(7), .text("new")]))
        #expect(try await scene.states() == [.undone])
        let conflict = try #require(try await scene.archive.conflict(1))
        #expect(conflict.record.decision == "kept eu")
        #expect(conflict.record.decidedAt == Scene.time(1000))
        let last = try #require(try await scene.archive.history(of: "items", key: "1").versions.last)
        #expect(last.author == "tally")
        #expect(last.seen == 3 && last.unseen.isEmpty)
        let ledger = try #require(try GroupLedger(readingAt: scene.path, group: "carts"))
        for member in try ledger.members() {
            #expect(
                try ledger.due(for: member.actor, after: 3, limit: DueLimit(rows: 10))?.rows.count == 1,
                "\(member.name) is sent it"
            )
        }
    }

    @Test func `Keep and set decide a resolved conflict otherwise`() async throws {
        let kept = try twoUpdates()
        try await kept.group().decide(1, .keep(member: "eu"))
        #expect(try await kept.row()?[1] == .integer(7))
        #expect(try await kept.states() == [.decided])

        let set = try twoUpdates()
        try await set.group().decide(1, .set(["quantity": "9", "note": "counted"]))
        #expect(try await set.row() == Row([.integer(1), .integer(9), .text("counted")]))
    }

    @Test func `A decision that the row holds already writes no entry`() async throws {
        let scene = try twoUpdates()
        try await scene.group().decide(1, .keep(member: "us"))
        #expect(try await scene.states() == [.decided])
        #expect(try await scene.archive.history(of: "items", key: "1").versions.count == 3)
    }

    @Test func `What waits is settled by a decision, also by one for what is there provisionally`() async throws {
        let scene = try twoUpdates(.manual)
        #expect(try await scene.states() == [.waiting])
        #expect(try await refusal(scene, 1, .undo).code == .conflict)
        try await scene.group().decide(1, .keep(member: "us"))
        #expect(try await scene.states() == [.decided])
        // The decision has seen both: what follows it clashes with nothing.
        try scene.put("edge", seen: 4, at: 50, quantity: .integer(5))
        #expect(try await scene.states() == [.decided])
        #expect(try await scene.row()?[1] == .integer(5))
    }

    @Test func `A write that has seen both supersedes what waits, and others leave it waiting`() async throws {
        let scene = try twoUpdates(.manual)
        try scene.put("edge", seen: 3, at: 40, note: .text("other column"))
        #expect(try await scene.states() == [.waiting])
        try scene.put("edge", seen: 4, at: 50, quantity: .integer(5))
        #expect(try await scene.states() == [.superseded])
        #expect(try await refusal(scene, 1, .keep(member: "eu")).message.contains("superseded"))
    }

    @Test func `A third concurrent write makes one conflict that waits of two`() async throws {
        let scene = try twoUpdates(.manual)
        try scene.put("edge", seen: 1, at: 40, quantity: .integer(9))
        #expect(try await scene.states() == [.waiting])
        #expect(try await scene.archive.conflict(1)?.record.state == .superseded)
        let members = try #require(try await scene.archive.conflict(2)).parties.map(\.member)
        #expect(members == ["eu", "us", "edge"])
        try await scene.group().decide(2, .keep(member: "eu"))
        #expect(try await scene.row()?[1] == .integer(7))
        #expect(try await scene.states() == [.decided])
    }

    @Test func `A third concurrent write makes one conflict of two, where the policy decided too`() async throws {
        let scene = try twoUpdates()
        try scene.put("edge", seen: 1, at: 40, quantity: .integer(9))
        #expect(try await scene.states() == [.resolved])
        let whole = try #require(try await scene.archive.conflicts(ConflictQuery()).first)
        #expect(whole.record.id == 2 && whole.parts == [1])
        #expect(whole.parties.map(\.member) == ["eu", "us", "edge"])
        #expect(try await scene.archive.conflicts(ConflictQuery(state: .superseded)).map(\.record.id) == [1])
        #expect(try await scene.archive.conflict(1)?.whole == 2)
        // What was the loser of the first is the loser of the second: there is one place to take it back.
        for decision in [ConflictDecision.undo, .keep(member: "eu")] {
            let refused = try await refusal(scene, 1, decision)
            #expect(refused.code == .conflict)
            #expect(refused.message.contains("is part of conflict 2"), "\(refused)")
        }
        try await scene.group().decide(2, .keep(member: "eu"))
        #expect(try await scene.row()?[1] == .integer(7))
        #expect(try await scene.states() == [.decided])
    }

    @Test func `A member that writes on without having seen the other makes no second conflict of one`() async throws {
        let scene = try twoUpdates()
        try scene.put("us", seen: 1, at: 40, quantity: .integer(9))
        #expect(try await scene.states() == [.resolved])
        #expect(try await scene.archive.conflicts(ConflictQuery()).map(\.record.id) == [2])
    }

    @Test func `A conflict with one of two who met leaves the first as it is`() async throws {
        let scene = try twoUpdates()
        // edge had seen what eu wrote, and not what us wrote.
        try scene.put("edge", seen: 2, at: 40, quantity: .integer(9))
        #expect(try await scene.states() == [.resolved, .resolved])
        #expect(try await scene.archive.conflict(2)?.parties.map(\.member) == ["us", "edge"])
    }

    // MARK: Rows that come and go

    @Test func `Undo of a delete that won brings the row back with what the update made of it`() async throws {
        let scene = try Scene(delete: .wins)
        try scene.put("eu", seen: 0, at: 10, quantity: .integer(10), note: .text("new"), id: .integer(1))
        try scene.delete("eu", seen: 1, at: 20)
        try scene.put("us", seen: 1, at: 30, quantity: .integer(8))
        #expect(try await scene.row() == nil)
        let conflict = try #require(try await scene.archive.conflict(1))
        #expect(conflict.record.policy == "delete: wins")
        #expect(conflict.base == Row([.integer(1), .integer(10), .text("new")]))
        try await scene.group().decide(1, .undo)
        #expect(try await scene.row() == Row([.integer(1), .integer(8), .text("new")]))
        #expect(try await scene.states() == [.undone])
    }

    @Test func `Undo of an update that won against a delete takes the row away`() async throws {
        let scene = try Scene(delete: .loses)
        try scene.put("eu", seen: 0, at: 10, quantity: .integer(10), note: .text("new"), id: .integer(1))
        try scene.delete("eu", seen: 1, at: 20)
        try scene.put("us", seen: 1, at: 30, quantity: .integer(8))
        #expect(try await scene.row() != nil)
        try await scene.group().decide(1, .undo)
        #expect(try await scene.row() == nil)
    }

    @Test func `Setting values of a row that is gone brings it back`() async throws {
        let scene = try Scene(delete: .wins)
        try scene.put("eu", seen: 0, at: 10, quantity: .integer(10), note: .text("new"), id: .integer(1))
        try scene.delete("eu", seen: 1, at: 20)
        try scene.put("us", seen: 1, at: 30, quantity: .integer(8))
        try await scene.group().decide(1, .set(["note": "back"]))
        #expect(try await scene.row() == Row([.integer(1), .integer(8), .text("back")]))
    }

    // MARK: What cannot be done

    @Test func `Deciding twice, or what was written since, is refused and says what to do`() async throws {
        let twice = try twoUpdates()
        try await twice.group().decide(1, .undo)
        let again = try await refusal(twice, 1, .keep(member: "us"))
        #expect(again.code == .conflict)
        #expect(again.message.contains("undone already (kept eu)"), "\(again)")

        let since = try twoUpdates()
        try since.put("edge", seen: 3, at: 40, note: .text("other column"))
        try since.put("edge", seen: 3, at: 50, quantity: .integer(5))
        let late = try await refusal(since, 1, .undo)
        #expect(late.message.contains("edge has written"), "\(late)")
        #expect(late.message.contains("entry 5"), "\(late)")
        #expect(try await since.states() == [.resolved])
    }

    @Test func `A write of another column does not stand in the way of undo`() async throws {
        let scene = try twoUpdates()
        try scene.put("edge", seen: 3, at: 40, note: .text("kept"))
        try await scene.group().decide(1, .undo)
        #expect(try await scene.row() == Row([.integer(1), .integer(7), .text("kept")]))
    }

    @Test func `Unknown ids, members and columns, keys, and values that do not fit are refused`() async throws {
        let scene = try twoUpdates()
        #expect(try await refusal(scene, 9, .undo).code == .notFound)
        let member = try await refusal(scene, 1, .keep(member: "edge"))
        #expect(member.message == "conflict 1 is between eu and us; edge has no part in it")
        let column = try await refusal(scene, 1, .set(["qty": "1"]))
        #expect(column.message == "table items has no column qty; its columns are id, quantity, note")
        let key = try await refusal(scene, 1, .set(["id": "2"]))
        #expect(key.message.contains("part of the key"))
        let value = try await refusal(scene, 1, .set(["quantity": "many"]))
        #expect(value.message == "quantity: “many” does not fit; it takes a whole number")
        #expect(try await scene.states() == [.resolved])
        #expect(try await scene.row()?[1] == .integer(8))
    }

    @Test func `What two lost cannot be taken back without saying whose it is to be`() async throws {
        let scene = try twoUpdates()
        try scene.put("edge", seen: 1, at: 40, quantity: .integer(9))
        let refusal = try await refusal(scene, 2, .undo)
        #expect(refusal.message.contains("eu and us both lost"), "\(refusal)")
        try await scene.group().decide(2, .keep(member: "eu"))
        #expect(try await scene.row()?[1] == .integer(7))
    }
}
