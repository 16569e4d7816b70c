import Foundation
import Testing
import TallyLedger
import TallyModel

/// Ledgers written by released formats, kept as files: every later version opens them and finds the same in them.
@Suite struct FixtureTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    /// `Fixtures/README.md` says how the files were made.
    @Test func `A ledger of the format «flows» opens with all that it held`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/ledger.db"
            try FileManager.default.copyItem(atPath: Self.fixtures.appending(path: "flows.db").path, toPath: path)
            let ledger = try await Ledger.open(path: path)

            let letters = try await ledger.deadLetters(of: "shop")
            #expect(letters.map(\.id) == [1, 2])
            #expect(letters.map(\.table) == [TableName("orders"), TableName("orders", schema: "archive")])
            #expect(letters.map(\.changes) == [1, 1])
            var expected = Samples.letter()
            expected.id = 1
            #expect(letters[0] == expected)
            #expect(letters[1].schema == Samples.archived)
            #expect(
                try await ledger.pauses(of: "shop") == [
                    Pause(table: TableName("orders"), reason: "a column was renamed", since: Samples.time(101))
                ]
            )
            #expect(try await ledger.resyncRequests(of: "shop").map(\.table) == [nil])
            #expect(try await ledger.stop(of: "shop") == nil)
            #expect(try await ledger.nodeID() == "6f0e2a51-6a3e-4d0c-9d0b-5a4c8f1f7a10")
            #expect(try await ledger.audit().map(\.action) == [.requestResync, .pause, .park, .park])
        }
    }

    @Test func `A ledger of the format «stops» opens with all that it held`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/ledger.db"
            try FileManager.default.copyItem(atPath: Self.fixtures.appending(path: "stops.db").path, toPath: path)
            let ledger = try await Ledger.open(path: path)
            #expect(
                try await ledger.stop(of: "shop")
                    == FlowStop(code: "historyLost", reason: "the changes were removed", since: Samples.time(102))
            )
            #expect(
                try await ledger.resyncRequests(of: "shop") == [
                    ResyncRequest(id: 1, table: nil),
                    ResyncRequest(id: 2, table: TableName("orders", schema: "archive")),
                ]
            )
            // What was there before the step came through it.
            #expect(try await ledger.deadLetters(of: "shop").map(\.id) == [1, 2])
            #expect(try await ledger.nodeID() == "6f0e2a51-6a3e-4d0c-9d0b-5a4c8f1f7a10")
        }
    }
}
