import TallyModel
import TallyPostgres
import Testing

@Suite("A connection that cannot be made")
struct ConnectionTests {
    @Test("says so in one line, without what would steer a terminal")
    func refused() async throws {
        // Nobody serves the first of all ports.
        let target = PostgresTarget(options: try ConnectionOptions("postgres://tally@127.0.0.1:1/shop"))
        let error = try #require(await #expect(throws: StoreError.self) { try await target.catalog() })
        #expect(error.code == .unreachable)
        #expect(error.message.contains("Connection refused; Is the server running"), "\(error)")
        #expect(!error.message.unicodeScalars.contains { $0.properties.generalCategory == .control }, "\(error)")
    }
}
