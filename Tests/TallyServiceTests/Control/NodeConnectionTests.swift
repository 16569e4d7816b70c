import Testing
import TallyEngine
import TallyService

@Suite struct NodeConnectionTests {
    private func configuration(_ state: String) -> Configuration {
        Configuration(path: "\(state)/tally.yaml", state: state, stores: [], flows: [])
    }

    private func statuses(_ configuration: Configuration) async throws(ControlError) -> [FlowStatus] {
        try await NodeConnection.look(configuration) { (node) async throws(ControlError) in try await node.statuses() }
    }

    @Test func `A running node is asked, whatever for`() async throws {
        try await withStateFolder { (state) async throws in
            try await serving(FakeNode(), in: state) { (_) async throws in
                let connection = try NodeConnection.open(configuration(state))
                #expect(!connection.isOffline)
                #expect(try await connection.node.statuses() == [FakeNode.status])
                #expect(try await statuses(configuration(state)) == [FakeNode.status])
            }
        }
    }

    @Test func `Without one, looking works at any time and changing keeps nodes from starting`() async throws {
        try await withStateFolder { (state) async throws in
            let changing = try NodeConnection.open(configuration(state))
            #expect(changing.isOffline)
            #expect(try await statuses(configuration(state)).isEmpty)
            let error = #expect(throws: ControlError.self) { try ControlSocket(state: state).claim() }
            #expect(error?.code == .conflict)
            #expect(throws: ControlError.self) { try NodeConnection.open(configuration(state)) }
            withExtendedLifetime(changing) {}
        }
    }

    @Test func `A node that ends before it has answered counts as one that does not run`() async throws {
        try await withStateFolder { (state) async throws in
            let node = try DyingNode(in: state)
            #expect(try await statuses(configuration(state)).isEmpty)
            #expect(node.questions == 3)
        }
    }

    @Test func `What a node that goes on says of a store is no sign of its end`() async throws {
        try await withStateFolder { (state) async throws in
            try await serving(FakeNode(), in: state) { (_) async throws in
                let error = await #expect(throws: ControlError.self) {
                    try await NodeConnection.look(configuration(state)) { (node) async throws(ControlError) in
                        try await node.pause(flow: "away", table: nil)
                    }
                }
                #expect(error == ControlError(.unreachable, "the store is away"))
            }
        }
    }
}
