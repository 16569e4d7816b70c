import Foundation
import Testing
import TallyService

/// Everything through a real socket, from the client's call to the node's and back.
@Suite struct ControlRoundTripTests {
    @Test func `What the node says arrives as it was`() async throws {
        try await withStateFolder { (state) async throws in
            try await serving(FakeNode(), in: state) { (client) async throws in
                #expect(try await client.statuses() == [FakeNode.status])
                #expect(try await client.deadLetters(flow: nil) == FakeNode.letters)
                #expect(try await client.deadLetters(flow: "other").isEmpty)
                #expect(try await client.deadLetter(id: 1) == FakeNode.detail)
            }
        }
    }

    @Test func `What a person asks arrives at the node, names of any letters included`() async throws {
        try await withStateFolder { (state) async throws in
            let node = FakeNode()
            try await serving(node, in: state) { (client) async throws in
                try await client.pause(flow: "shop", table: nil)
                try await client.pause(flow: "shop", table: "Größe & mehr+%/?#=ü \"x\"")
                try await client.resume(flow: "a b/c", table: "main.orders")
                try await client.resync(flow: "shop", table: "orders")
                try await client.remove(flow: "shop")
                try await client.remove(group: "carts & co/2")
                #expect(try await client.retry(ids: [1, 2], flow: nil) == LetterResult(settled: [1, 2], refused: [2]))
                #expect(try await client.retry(ids: nil, flow: "shop") == LetterResult(settled: [1], refused: [2]))
                #expect(try await client.discard(ids: nil, flow: nil) == LetterResult(settled: [1, 2]))
            }
            #expect(
                node.calls == [
                    "pause shop whole", "pause shop Größe & mehr+%/?#=ü \"x\"", "resume a b/c main.orders",
                    "resync shop orders", "remove shop whole", "remove group carts & co/2 whole", "retry [1, 2] any",
                    "retry all shop", "discard all any",
                ]
            )
        }
    }

    @Test(arguments: [
        ("gone", ControlError(.notFound, "there is no flow named gone")),
        ("held", ControlError(.conflict, "another runner has the flow")),
        ("odd", ControlError(.invalid, "makes no sense")),
        ("broken", ControlError(.failed, "did not work")),
        ("away", ControlError(.unreachable, "the store is away")),
    ])
    func `An error keeps its code and its words`(flow: String, expected: ControlError) async throws {
        try await withStateFolder { (state) async throws in
            try await serving(FakeNode(), in: state) { (client) async throws in
                let error = await #expect(throws: ControlError.self) { try await client.pause(flow: flow, table: nil) }
                #expect(error == expected)
            }
        }
    }

    @Test func `Other clients see plain HTTP and JSON`() async throws {
        try await withStateFolder { (state) async throws in
            try await serving(FakeNode(), in: state) { (_) async throws in
                #expect(
                    try await curl(state, "http://tally/v1/dead-letters/9")
                        == #"{"error":{"code":"notFound","message":"there is no dead letter 9"}}"# + "\n404"
                )
                #expect(
                    try await curl(state, "http://tally/v1/dead-letters/nine")
                        == #"{"error":{"code":"invalid","message":"the id of a dead letter is a whole number"}}"#
                        + "\n400"
                )
                #expect(
                    try await curl(state, "http://tally/v2/status")
                        == #"{"error":{"code":"notFound","message":"GET /v2/status is nothing that this version has"}}"#
                        + "\n404"
                )
                #expect(try await curl(state, "-X", "POST", "http://tally/v1/flows/held/pause").hasSuffix("\n409"))
                #expect(
                    try await curl(state, "-X", "POST", "-d", "nonsense", "http://tally/v1/dead-letters/retry")
                        .hasSuffix(
                            #""message":"the body has to be JSON like {\"ids\": [1, 2], \"flow\": \"name\"}"}}"#
                                + "\n400"
                        )
                )
                let list = try await curl(state, "http://tally/v1/dead-letters?flow=shop")
                #expect(list.contains(#""firstSeen":"2023-11-14T22:13:20.250Z","flow":"shop","id":1,"#))
            }
        }
    }
}
