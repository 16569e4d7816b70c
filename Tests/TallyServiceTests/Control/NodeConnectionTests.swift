import Testing
import TallyService

@Suite struct NodeConnectionTests {
    private func configuration(_ state: String) -> Configuration {
        Configuration(path: "\(state)/tally.yaml", state: state, stores: [], flows: [])
    }

    @Test func `A running node is asked, whatever for`() async throws {
        try await withStateFolder { (state) async throws in
            try await serving(FakeNode(), in: state) { (_) async throws in
                for purpose in [NodeConnection.Purpose.look, .change] {
                    let connection = try NodeConnection.open(configuration(state), to: purpose)
                    #expect(!connection.isOffline)
                    #expect(try await connection.node.statuses() == [FakeNode.status])
                }
            }
        }
    }

    @Test func `Without one, looking works at any time and changing keeps nodes from starting`() async throws {
        try await withStateFolder { (state) async throws in
            let changing = try NodeConnection.open(configuration(state), to: .change)
            #expect(changing.isOffline)
            #expect(try NodeConnection.open(configuration(state), to: .look).isOffline)
            let error = #expect(throws: ControlError.self) { try ControlSocket(state: state).claim() }
            #expect(error?.code == .conflict)
            #expect(throws: ControlError.self) { try NodeConnection.open(configuration(state), to: .change) }
            withExtendedLifetime(changing) {}
        }
    }
}
