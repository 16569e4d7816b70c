import TallyModel

/// What a column's declared type makes of values (https://www.sqlite.org/datatype3.html, section 3.1).
enum Affinity: String, Sendable, Hashable {
    case integer, text, blob, real, numeric

    init(declaredType: String) {
        let type = declaredType.uppercased()
        self =
            if type.contains("INT") {
                .integer
            } else if type.contains("CHAR") || type.contains("CLOB") || type.contains("TEXT") {
                .text
            } else if type.contains("BLOB") || type.isEmpty {
                .blob
            } else if type.contains("REAL") || type.contains("FLOA") || type.contains("DOUB") {
                .real
            } else {
                .numeric
            }
    }

    /// Whether the column keeps apart an integer and a real that are equal.
    ///
    /// One of type ANY is taken to: it does in STRICT tables.
    static func keepsClasses(_ column: Column) -> Bool {
        Affinity(declaredType: column.declaredType) == .blob || column.declaredType.uppercased() == "ANY"
    }
}
