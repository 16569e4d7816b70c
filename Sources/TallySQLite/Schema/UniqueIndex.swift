/// A unique constraint or unique index of a table, beside its primary key.
package struct UniqueIndex: Sendable, Hashable {
    package struct Term: Sendable, Hashable {
        package enum Kind: Sendable, Hashable {
            case column(String)
            /// The expression as written in the index.
            case expression(String)
        }

        package var kind: Kind
        /// The collation that decides equality; `nil` for `BINARY`.
        package var collation: String?
    }

    package var name: String
    package var terms: [Term]
    /// What a row must fulfil to be in the index, as written; `nil` where all rows are.
    package var condition: String?
}
