/// A table as the server's log describes it before the first change under a structure
/// (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html, Relation).
package struct RelationDescription: Sendable, Hashable {
    package struct Column: Sendable, Hashable {
        /// Whether it is part of the replica identity.
        package var isIdentity: Bool
        package var name: String
        package var type: UInt32
        package var typeModifier: Int32

        package init(isIdentity: Bool, name: String, type: UInt32, typeModifier: Int32 = -1) {
            self.isIdentity = isIdentity
            self.name = name
            self.type = type
            self.typeModifier = typeModifier
        }
    }

    package var oid: UInt32
    package var namespace: String
    package var name: String
    package var replicaIdentity: PostgresTable.ReplicaIdentity
    /// In the order of their numbers, which the message does not tell. Dropped and generated columns are left out.
    package var columns: [Column]

    package init(
        oid: UInt32,
        namespace: String,
        name: String,
        replicaIdentity: PostgresTable.ReplicaIdentity = .primaryKey,
        columns: [Column]
    ) {
        self.oid = oid
        self.namespace = namespace
        self.name = name
        self.replicaIdentity = replicaIdentity
        self.columns = columns
    }
}
