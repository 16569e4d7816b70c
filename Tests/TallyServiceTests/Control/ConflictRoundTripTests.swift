import Foundation
import Testing
import TallyService

/// Conflicts through a real socket.
@Suite struct ConflictRoundTripTests {
    @Test func `What a person asks arrives at the node, and what it says comes back as it was`() async throws {
        try await withStateFolder { (state) async throws in
            let node = FakeNode()
            try await serving(node, in: state) { (client) async throws in
                #expect(
                    try await client.conflicts(ConflictSelection())
                        == [ConflictSamples.update, ConflictSamples.delete]
                )
                let since = Date(timeIntervalSince1970: 1_700_000_000.25)
                let all = ConflictSelection(group: "a b", table: "s.t", member: "eu", state: "waiting", since: since)
                _ = try await client.conflicts(all)
                #expect(try await client.conflict(id: 3, group: nil) == ConflictSamples.update)
                _ = try await client.resolve(id: 3, group: "carts", ConflictResolution(keep: "eu"))
                _ = try await client.resolve(id: 3, group: nil, ConflictResolution(set: ["a": "1", "b": "x=y & z"]))
                _ = try await client.undo(id: 3, group: "carts")
                #expect(
                    try await client.history(table: "items", key: "[\"a/b\", 2]", group: nil) == ConflictSamples.history
                )
            }
            #expect(
                node.calls == [
                    "conflicts any any any any ever", "conflicts a b s.t eu waiting 1700000000.25", "conflict 3 any",
                    "resolve 3 carts eu", "resolve 3 any a=1 b=x=y & z", "undo 3 carts",
                    "history items [\"a/b\", 2] any",
                ]
            )
        }
    }

    @Test func `Other clients see plain HTTP and JSON`() async throws {
        try await withStateFolder { (state) async throws in
            let node = FakeNode()
            try await serving(node, in: state) { (_) async throws in
                let url = "http://tally/v1/conflicts"
                #expect(try await curl(state, "\(url)/9").hasSuffix(#""there is no conflict 9"}}"# + "\n404"))
                #expect(try await curl(state, "\(url)/nine").hasSuffix("\n400"))
                #expect(try await curl(state, "\(url)?since=yesterday").hasSuffix("\n400"))
                #expect(try await curl(state, "\(url)?since=2d").hasSuffix("\n200"))
                #expect(try await curl(state, "http://tally/v1/history?table=items").hasSuffix("\n400"))
                #expect(try await curl(state, "-d", #"{"keep":"eu"}"#, "\(url)/3/resolve").hasSuffix("\n200"))
                #expect(try await curl(state, "-d", "eu", "\(url)/3/resolve").hasSuffix("\n400"))
            }
            #expect(node.calls.last == "resolve 3 any eu")
        }
    }
}
