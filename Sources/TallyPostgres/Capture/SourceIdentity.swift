import TallyModel

/// Who a database is, for checkpoints: its cluster's own number, and the database's within it.
enum SourceIdentity {
    static func read(in connection: PostgresConnection) throws -> String {
        let row = try connection.execute(
            """
            SELECT (SELECT system_identifier FROM pg_control_system()),
                (SELECT oid FROM pg_database WHERE datname = current_database())
            """
        )
        guard let system = row.text(0, 0), let database = row.text(0, 1) else {
            throw StoreError(.damaged, "\(connection.label): the server does not say which one it is")
        }
        return "\(system)/\(database)"
    }

    static func verify(
        _ checkpoint: Checkpoint,
        is sourceID: String,
        label: String
    ) throws {
        guard checkpoint.sourceID != sourceID else { return }
        throw StoreError(
            .sourceReplaced,
            "\(label): this is not the database that was read before",
            remedy: .putBackOrBeginAgain
        )
    }
}
