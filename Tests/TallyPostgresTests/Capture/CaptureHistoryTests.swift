import PrivatePostgres
import TallyModel
import TallyPostgres
import Testing

@Suite("The history of a database captured by triggers", .timeLimit(.minutes(15)))
struct CaptureHistoryTests {
    private static let items = "CREATE TABLE items (id int PRIMARY KEY, name text)"

    private func code(_ bench: CaptureBench, from checkpoint: Checkpoint) async throws -> StoreError.Code? {
        do {
            let session = try await bench.open(from: checkpoint)
            await session.close()
            return nil
        } catch let error as StoreError {
            return error.code
        }
    }

    @Test("a checkpoint that the log does not lead on from is refused by its name")
    func refusals() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await bench.open()
            try await bench.write("INSERT INTO items VALUES (1, 'a')")
            let first = try await bench.follow(session)
            try await bench.write("INSERT INTO items VALUES (2, 'b')")
            let second = try await bench.follow(session)
            try await session.acknowledge(second.end)
            let id = await session.sourceID
            await session.close()
            func checkpoint(_ position: Position) -> Checkpoint { Checkpoint(sourceID: id, position: position) }
            #expect(try await code(bench, from: checkpoint(second.end)) == nil)
            try await bench.write("INSERT INTO items VALUES (3, 'c')")
            #expect(try await code(bench, from: checkpoint(first.end)) == .historyLost)
            #expect(try await code(bench, from: Checkpoint(sourceID: "1/2", position: second.end)) == .sourceReplaced)
            #expect(try await code(bench, from: checkpoint(Position(order: 5, detail: "1"))) == .historyLost)
            let ahead = second.end.detail.replacing(/\ (\d+):(\d+):/) { " \($0.1):\($0.2)0000:" }
            #expect(
                try await code(bench, from: checkpoint(Position(order: second.end.order, detail: ahead)))
                    == .historyWentBackwards
            )
            // What a failover to a standby that lacked the last commits leaves.
            try await bench.write("DELETE FROM tally.log")
            #expect(try await code(bench, from: checkpoint(second.end)) == .historyWentBackwards)
            try await TriggerCapture.remove(flow: "shop-to-copy", bench.options())
            #expect(try await code(bench, from: checkpoint(second.end)) == .historyLost)
        }
    }

    @Test("a flow's name belongs to one target")
    func names() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await bench.open()
            await session.close()
            var request = bench.request()
            request.consumer.targetID = "another"
            request.consumer.targetLabel = "elsewhere"
            let error = await #expect(throws: StoreError.self) {
                try await TriggerCapture.open(request, bench.options())
            }
            #expect(error?.code == .held)
        }
    }

    @Test("a server that is stopped at once goes on from the checkpoint without a gap")
    func crash() async throws {
        let server = try await PostgresServer.start()
        try await CaptureBench.run(Self.items, on: server) { bench in
            var session = try await bench.open()
            try await bench.write("INSERT INTO items VALUES (1, 'a')")
            let first = try await bench.follow(session)
            try await bench.write("INSERT INTO items VALUES (2, 'b')")
            try await bench.server.restart(.immediate)
            await #expect(throws: StoreError.self) { try await bench.follow(session) }
            await session.close()
            let checkpoint = Checkpoint(sourceID: await session.sourceID, position: first.end)
            session = try await bench.open(from: checkpoint)
            #expect(try await bench.skimChanges(session).map { $0.row.values[0] } == [.integer(2)])
            await session.close()
        }
        await server.remove()
    }

    @Test("check says what is missing, with the SQL that mends it")
    func findings() async throws {
        try await CaptureBench.run(Self.items + "; CREATE TABLE heap (v text)") { bench in
            try await bench.write("CREATE ROLE tally LOGIN")
            let options = try bench.options(user: "tally")
            var findings = await TriggerCapture.inspect(bench.request(), options)
            let remedies = findings.filter { $0.severity == .error }.compactMap(\.remedy)
            #expect(remedies.contains("GRANT CREATE ON DATABASE \(bench.source) TO tally"))
            #expect(remedies.contains("GRANT TRIGGER, SELECT ON \"public\".\"items\" TO tally"))
            #expect(findings.contains { $0.table == TableName("heap") && $0.severity == .error })
            try await bench.write(
                "GRANT CREATE ON DATABASE \(bench.source) TO tally; GRANT TRIGGER, SELECT ON items TO tally"
            )
            findings = await TriggerCapture.inspect(bench.request(tables: ["items"]), options)
            #expect(!findings.contains { $0.severity == .error })
            let session = try await TriggerCapture.open(bench.request(tables: ["items"]), options)
            try await bench.write("INSERT INTO items VALUES (1, 'a')")
            #expect(try await bench.follow(session).letters == "i")
            await session.close()
            try await TriggerCapture.remove(flow: "shop-to-copy", options)
            #expect(try await bench.leftovers() == "")
        }
    }
}
