import TallyModel

/// A connection to the shop's database, as far as the shop's program needs one: statements are written in the SQL that
/// SQLite and PostgreSQL share, with `?` in the place of values.
protocol ShopConnection {
    /// The tables, in this database's own words.
    static var schema: String { get }

    func execute(_ script: String) throws

    /// Runs one statement of a transaction.
    func run(_ sql: String, _ values: Value...) throws

    /// Runs `body` in a transaction, which is rolled back when it throws.
    func transaction(_ body: () throws -> Void) throws

    /// Adds a customer, in the place of whoever has that e-mail address.
    func replaceCustomer(_ id: Value, name: Value, email: Value) throws
}
