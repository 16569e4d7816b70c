import Foundation
import TallyModel

/// What it takes to make a table in another database: what a ``NativeDefinition`` of kind `postgres` holds, as JSON.
///
/// Columns are known by their numbers, which are the ids in a ``TableSchema``, so that it can be told which of them a
/// flow leaves out, renames or computes. Expressions are the server's own words, with every name qualified.
struct TableBlueprint: Codable, Sendable, Hashable {
    struct Column: Codable, Sendable, Hashable {
        var number: Int
        var name: String
        var type: String
        var isNotNull = false
        /// The default, or the expression of a generated column.
        var expression: String?
        var collation: String?
        /// `STORED` or `VIRTUAL`, for a generated column.
        var generation: String?
        /// The columns that a generated column is computed from.
        var uses: [Int] = []
        /// `ALWAYS` or `BY DEFAULT`.
        var identity: String?
    }

    struct Constraint: Codable, Sendable, Hashable {
        enum Kind: String, Codable, Sendable {
            case primaryKey = "p"
            case unique = "u"
            case exclusion = "x"
            case check = "c"
        }

        var name: String
        var kind: Kind
        /// As `pg_get_constraintdef` writes it.
        var sql: String
        var uses: [Int] = []

        /// Whether rows that were there before it may break it.
        var isUnchecked: Bool { sql.hasSuffix(" NOT VALID") }
    }

    struct ForeignKey: Codable, Sendable, Hashable {
        var name: String
        var table: TableName
        var referenced: TableName
        var sql: String
        /// The referencing columns' numbers.
        var uses: [Int] = []
    }

    struct Index: Codable, Sendable, Hashable {
        var name: String
        var isUnique: Bool
        /// What follows `USING`.
        var sql: String
        var uses: [Int] = []
    }

    struct Sequence: Codable, Sendable, Hashable {
        var name: TableName
        /// `AS bigint INCREMENT BY 1 …`
        var options: String
        /// The column that owns it.
        var owner: Int?
        var isIdentity = false
    }

    var name: TableName
    var columns: [Column] = []
    var constraints: [Constraint] = []
    var indexes: [Index] = []
    /// The index, among ``indexes``, that is the key where there is no primary key.
    var keyIndex: String?
    /// `FULL`, `NOTHING` or `USING INDEX "…"`; `nil` for the default.
    var replicaIdentity: String?
    /// Of this table, and those of others that point at it.
    var foreignKeys: [ForeignKey] = []
    var sequences: [Sequence] = []
    var prerequisites: [Prerequisite] = []

    static let kind = "postgres"

    var definition: NativeDefinition {
        get throws {
            let encoder = JSONEncoder()
            // Equal tables have equal definitions.
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return NativeDefinition(kind: Self.kind, table: String(decoding: try encoder.encode(self), as: UTF8.self))
        }
    }

    init(name: TableName) {
        self.name = name
    }

    /// - Returns: `nil` for a definition of another kind of store.
    init?(_ definition: NativeDefinition?) throws {
        guard let definition, definition.kind == Self.kind else { return nil }
        self = try JSONDecoder().decode(Self.self, from: Data(definition.table.utf8))
    }
}
