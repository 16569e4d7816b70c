internal import CPostgres

/// The answer to one statement; its memory is given back with its last reference.
package final class QueryResult {
    private let handle: OpaquePointer

    /// Takes over a `PGresult`.
    init(taking handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        PQclear(handle)
    }

    package var rowCount: Int { Int(PQntuples(handle)) }
    package var columnCount: Int { Int(PQnfields(handle)) }
    /// How many rows an INSERT, UPDATE, DELETE or COPY touched; 0 for other statements.
    package var affectedRows: Int { Int(String(cString: PQcmdTuples(handle))) ?? 0 }

    /// What the server says it did: `INSERT 0 5`, `COMMIT`, `ROLLBACK`.
    package var commandTag: String { String(cString: PQcmdStatus(handle)) }

    package func columnName(_ column: Int) -> String {
        PQfname(handle, Int32(column)).map { String(cString: $0) } ?? ""
    }

    /// The type of a column, as the server's object identifier.
    package func columnType(_ column: Int) -> UInt32 { PQftype(handle, Int32(column)) }

    package func isNull(_ row: Int, _ column: Int) -> Bool { PQgetisnull(handle, Int32(row), Int32(column)) == 1 }

    /// A value that was asked for as text; `nil` for NULL.
    package func text(_ row: Int, _ column: Int) -> String? {
        isNull(row, column) ? nil : withBytes(row, column) { String(decoding: $0, as: UTF8.self) }
    }

    package func integer(_ row: Int, _ column: Int) -> Int? { text(row, column).flatMap { Int($0) } }

    package func flag(_ row: Int, _ column: Int) -> Bool { text(row, column) == "t" }

    package func bytes(_ row: Int, _ column: Int) -> [UInt8]? {
        isNull(row, column) ? nil : withBytes(row, column) { Array($0) }
    }

    /// Lends the value's bytes for the length of `body`; empty for NULL.
    package func withBytes<Result>(
        _ row: Int,
        _ column: Int,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let start = PQgetvalue(handle, Int32(row), Int32(column))
        let count = Int(PQgetlength(handle, Int32(row), Int32(column)))
        return try body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    var status: ExecStatusType { PQresultStatus(handle) }

    var error: PostgresError {
        PostgresError(
            state: field(UInt8(ascii: "C")) ?? "",
            message: field(UInt8(ascii: "M")) ?? "the connection was lost",
            constraint: field(UInt8(ascii: "n")),
            column: field(UInt8(ascii: "c")),
            table: field(UInt8(ascii: "t")),
            dataType: field(UInt8(ascii: "d"))
        )
    }

    private func field(_ code: UInt8) -> String? {
        PQresultErrorField(handle, Int32(code)).map { String(cString: $0) }
    }
}
