/// The name of a table in its store.
public struct TableName: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    /// The schema, or `nil` for the store's default one (`main`, `public`, the database).
    public var schema: String?
    public var name: String

    public init(_ name: String, schema: String? = nil) {
        self.name = name
        self.schema = schema
    }

    public var description: String {
        schema.map { "\($0).\(name)" } ?? name
    }

    public static func < (left: TableName, right: TableName) -> Bool {
        (left.schema ?? "", left.name) < (right.schema ?? "", right.name)
    }
}
