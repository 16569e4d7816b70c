import TallyModel

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

extension UniqueIndex.Term {
    /// The column whose value it is about: as it is, or as `lower` or `upper` makes it.
    var column: String? {
        switch kind {
        case .column(let name): name
        case .expression(let sql): Self.cased(sql)
        }
    }

    /// How texts in ``column`` are compared; `nil` where only SQLite knows.
    var folding: TextFolding? {
        guard case .column = kind else {
            return collation.map { ["BINARY", "NOCASE"].contains($0.uppercased()) } ?? true ? .ascii : nil
        }
        return switch collation?.uppercased() ?? "BINARY" {
        case "BINARY": .exact
        case "NOCASE": .ascii
        case "RTRIM": .trimming
        default: nil
        }
    }

    /// The column that `lower` or `upper` is taken of; `nil` for every other expression.
    private static func cased(_ sql: String) -> String? {
        let pattern = /\s*(?:lower|upper)\s*\(\s*(?:"(?<quoted>[^"]+)"|(?<plain>[\p{L}_][\p{L}\p{N}_$]*))\s*\)\s*/
            .ignoresCase()
        guard let match = sql.wholeMatch(of: pattern) else { return nil }
        return (match.quoted ?? match.plain).map(String.init)
    }
}
