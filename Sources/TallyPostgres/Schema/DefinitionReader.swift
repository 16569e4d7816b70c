import TallyModel

/// Reads what it takes to make tables in another database.
struct DefinitionReader {
    private let connection: PostgresConnection

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    func definitions(of oids: [UInt32]) throws -> [UInt32: NativeDefinition] {
        [:]
    }
}
