import PrivatePostgres
import TallyPostgres

/// Two databases of a private PostgreSQL server that ends with the demo.
struct ServerEnds: DemoEnds {
    private let server: PostgresServer

    let shop = "shop"
    let copy = "copy"

    /// Starts the server.
    static func start() async throws -> ServerEnds {
        let ends = ServerEnds(server: try await PostgresServer.start())
        for name in [ends.shop, ends.copy] { try await ends.server.createDatabase(name) }
        return ends
    }

    private init(server: PostgresServer) {
        self.server = server
    }

    var preface: String? { "PostgreSQL, a server of the demo's own on port \(server.port), with two databases" }

    var stores: String {
        """
          shop: { kind: postgres, url: "\(server.url(database: shop))" }
          copy: { kind: postgres, url: "\(server.url(database: copy))" }
        """
    }

    func connect() throws -> any ShopConnection {
        try ServerConnection(ConnectionOptions(server.url(database: shop)))
    }

    func proof() async throws -> any DemoProof {
        ServerProof(server: server, shop: shop, copy: copy)
    }

    func close() async {
        await server.remove()
    }
}
