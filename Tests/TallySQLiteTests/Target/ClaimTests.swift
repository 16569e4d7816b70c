import Foundation
import TallyModel
import TallySQLite
import Testing

@Suite("Who may write for a flow", .timeLimit(.minutes(15)))
struct ClaimTests {
    private let fixture: TargetFixture
    private let schema: TableSchema
    private let checkpoint = Checkpoint(sourceID: "source", position: Position(order: 7, detail: "fine print"))

    init() throws {
        fixture = try TargetFixture(target: "CREATE TABLE t(id INTEGER PRIMARY KEY, v)")
        schema = try fixture.schema("t", on: fixture.path)
    }

    @Test("A second runner is refused while the first one lives, and told who has the flow")
    func held() async throws {
        let first = try await fixture.open()
        let error = await #expect(throws: StoreError.self) { try await fixture.open() }
        #expect(error?.code == .held)
        #expect(error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
        await first.close()
        let second = try await fixture.open()
        await second.close()
        #expect(try fixture.shell("SELECT count(*) FROM _tally_checkpoint WHERE runner_id IS NOT NULL") == "0")
    }

    @Test("Two flows share a target")
    func two() async throws {
        let (one, two) = (try await fixture.open(flow: "one"), try await fixture.open(flow: "two"))
        _ = try await one.apply([.insert(.integer(1), .text("one"))], to: schema)
        try await one.commit(checkpoint, notes: [])
        _ = try await two.apply([.insert(.integer(2), .text("two"))], to: schema)
        try await two.commit(checkpoint, notes: [])
        #expect(await one.identity == two.identity)
        await one.close()
        await two.close()
        #expect(try fixture.shell("SELECT group_concat(v) FROM t") == "one,two")
        #expect(try fixture.shell("SELECT count(*) FROM _tally_checkpoint WHERE position = '7 fine print'") == "2")
    }

    @Test("What a dead process left behind is taken over")
    func dead() async throws {
        var runner = Runner.current()
        // A number as this process has it, but of one that started at another time.
        runner.processStart = "1 00000000-0000-0000-0000-000000000000"
        _ = try await fixture.open(runner: runner)
        let session = try await fixture.open()
        await session.close()
    }

    @Test("What a runner on another host left behind is taken over only on request")
    func elsewhere() async throws {
        var runner = Runner.current()
        runner.host = "elsewhere.example"
        _ = try await fixture.open(runner: runner)
        let error = await #expect(throws: StoreError.self) { try await fixture.open() }
        #expect(error?.code == .held)
        #expect(error?.message.contains("elsewhere.example") == true)
        let session = try await fixture.open(takeOver: true)
        await session.close()
    }

    @Test("A runner that lost the flow can write no more, and leaves nothing behind")
    func fenced() async throws {
        let first = try await fixture.open()
        let second = try await fixture.open(takeOver: true)
        _ = try await first.apply([.insert(.integer(1), .text("stale"))], to: schema)
        let error = await #expect(throws: StoreError.self) { try await first.commit(checkpoint, notes: []) }
        #expect(error?.code == .fenced)
        await first.close()
        _ = try await second.apply([.insert(.integer(2), .text("fresh"))], to: schema)
        try await second.commit(nil, notes: [])
        await second.close()
        #expect(try fixture.shell("SELECT group_concat(v) FROM t") == "fresh")
        #expect(try fixture.shell("SELECT position IS NULL FROM _tally_checkpoint") == "1")
    }

    @Test("A runner whose flow was removed can write no more")
    func removed() async throws {
        let session = try await fixture.open()
        try await fixture.target.remove(flow: "flow")
        _ = try await session.apply([.insert(.integer(1), .text("stale"))], to: schema)
        let error = await #expect(throws: StoreError.self) { try await session.commit(checkpoint, notes: []) }
        #expect(error?.code == .fenced)
        await session.close()
        #expect(try fixture.shell("SELECT count(*) FROM t") == "0")
    }

    @Test("Checkpoint and notes are there when the target is opened again, and what was rolled back is not")
    func progress() async throws {
        let notes = [
            TableNote(table: TableName("t"), text: "half"), TableNote(table: TableName("u", schema: "s"), text: "all"),
        ]
        #expect(try await fixture.target.progress(of: "flow") == nil)
        let session = try await fixture.open()
        #expect(await session.progress == FlowProgress())
        #expect(try await fixture.target.progress(of: "flow") == nil)
        _ = try await session.apply([.insert(.integer(1), .text("kept"))], to: schema)
        try await session.commit(checkpoint, notes: notes)
        _ = try await session.apply([.insert(.integer(2), .text("lost"))], to: schema)
        await session.rollback()
        try await session.makeDurable()
        await session.close()
        let again = try await fixture.open()
        #expect(await again.progress.checkpoint == checkpoint)
        #expect(await again.progress.checkpoint?.position.detail == "fine print")
        #expect(Set(await again.progress.notes) == Set(notes))
        try await again.commit(nil, notes: [TableNote(table: TableName("t"), text: "")])
        await again.close()
        #expect(
            try await fixture.target.progress(of: "flow") == FlowProgress(checkpoint: checkpoint, notes: [notes[1]])
        )
        #expect(try fixture.shell("SELECT group_concat(v) FROM t") == "kept")
    }

    @Test("Removing the last flow leaves only the users' tables, and doing it twice is doing it once")
    func remove() async throws {
        await (try fixture.open(flow: "one")).close()
        await (try fixture.open(flow: "two")).close()
        try await fixture.target.remove(flow: "one")
        #expect(try fixture.shell("SELECT group_concat(flow) FROM _tally_checkpoint") == "two")
        try await fixture.target.remove(flow: "two")
        try await fixture.target.remove(flow: "two")
        #expect(try fixture.shell("SELECT group_concat(name) FROM sqlite_schema") == "t")
    }

    @Test("The file's identity stays while the file is captured")
    func identity() async throws {
        let session = try await fixture.open()
        let id = await session.identity.id
        await session.close()
        try fixture.shell("CREATE TABLE _tally_flow(flow)")
        try await fixture.target.remove(flow: "flow")
        #expect(try fixture.shell("SELECT id FROM _tally_store") == id)
    }
}
