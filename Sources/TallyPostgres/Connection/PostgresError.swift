package import TallyModel

/// An error that a PostgreSQL server or libpq reported.
package struct PostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Five characters (https://www.postgresql.org/docs/current/errcodes-appendix.html); empty for libpq's own errors.
    package var state: String
    /// The server's words. May quote values of rows where ``speaksOfData`` is true: then it is for nobody's eyes.
    package var message: String
    package var constraint: String?
    package var column: String?
    package var table: String?
    package var dataType: String?

    package init(
        state: String,
        message: String,
        constraint: String? = nil,
        column: String? = nil,
        table: String? = nil,
        dataType: String? = nil
    ) {
        self.state = state
        self.message = message
        self.constraint = constraint
        self.column = column
        self.table = table
        self.dataType = dataType
    }

    /// Whether it is about the data that was sent and not about server, rights or structure.
    package var speaksOfData: Bool {
        ["22", "23", "44", "P0"].contains(String(state.prefix(2))) || state == "54000"
    }

    package var isUniqueViolation: Bool { state == "23505" }
    package var isForeignKeyViolation: Bool { state == "23503" }

    /// What happened, without values of rows.
    package var description: String {
        guard speaksOfData else { return state.isEmpty ? message : "\(message) (SQLSTATE \(state))" }
        var text = Self.conditions[state] ?? "the server refused the data"
        if let constraint, !constraint.isEmpty { text += ", constraint \(constraint)" }
        if let column, !column.isEmpty { text += ", column \(column)" }
        if let dataType, !dataType.isEmpty { text += ", type \(dataType)" }
        return "\(text) (SQLSTATE \(state))"
    }

    private static let conditions: [String: String] = [
        "22001": "a text is too long for its column",
        "22003": "a number is out of range for its column",
        "22007": "a date or time cannot be read",
        "22008": "a date or time is out of range",
        "22021": "a text holds a character that the database cannot store",
        "22P02": "a text cannot be read as the column's type",
        "22P03": "a value in binary form cannot be read as the column's type",
        "22P05": "a text holds a character that the database's encoding lacks",
        "23502": "a value is NULL where the column allows none",
        "23503": "a foreign key points at no row",
        "23505": "another row has the same key or unique value",
        "23514": "a check constraint is not met",
        "23P01": "an exclusion constraint is not met",
        "428C9": "the column is generated and takes no value",
        "44000": "the view's check option is not met",
        "P0001": "a trigger or function raised an error",
    ]
}

extension StoreError {
    /// The one place where PostgreSQL's error codes become Tally's.
    package init(_ error: PostgresError, label: String, while action: String) {
        let (code, remedy): (StoreError.Code, String) =
            switch (error.state, error.state.prefix(2)) {
            case ("57014", _): (.busy, "a statement was cancelled at the server; Tally tries again")
            case ("28P01", _), ("28000", _):
                (.denied, "check user, password and pg_hba.conf")
            case ("3D000", _): (.denied, "create the database or mend its name")
            case ("42501", _): (.denied, "`tally check` says which rights are missing and the SQL that grants them")
            case ("53100", _): (.outOfSpace, "the server's disk is full; make room, and Tally goes on by itself")
            case ("25006", _): (.readOnly, "the server takes no writes now; is it a standby?")
            case ("55006", _), ("55P03", _), ("40001", _), ("40P01", _):
                (.busy, "something else holds it; Tally tries again")
            case ("53300", _): (.unreachable, "the server has no connection left; Tally tries again")
            case ("", _), (_, "08"), (_, "57"): (.unreachable, "Tally tries again")
            case (_, "53"), (_, "58"): (.unreachable, "the server is short of something; Tally tries again")
            case ("42P01", _), ("3F000", _): (.missingTable, "")
            case ("42703", _), ("42804", _), ("428C9", _): (.incompatibleSchema, "")
            case (_, "22"), (_, "23"), (_, "44"), ("P0001", _), ("54000", _): (.rejected, "")
            case ("XX001", _), ("XX002", _): (.damaged, "the server says that its data is damaged")
            case (_, "0A"): (.unsupported, "")
            default: (.unknown, "")
            }
        let hint = remedy.isEmpty ? "" : "; \(remedy)"
        self.init(code, "\(label): could not \(action): \(error)\(hint)", cause: error)
    }

    /// The server's error behind this one, where there is one.
    package var postgres: PostgresError? { cause as? PostgresError }
}
