package import TallyModel

/// A store does not do what its protocol says.
package struct ContractBroken: Error, CustomStringConvertible {
    package let description: String
}

/// The table that contracts work with, `thing(id, name, n)` with key `id`, and what is done to it.
package enum Thing {
    package static let name = TableName("thing")

    package static let schema = TableSchema(
        name: name,
        columns: [
            Column(id: 1, name: "id", declaredType: "INTEGER", isNullable: false),
            Column(id: 2, name: "name", declaredType: "TEXT"),
            Column(id: 3, name: "n", declaredType: "INTEGER"),
        ],
        key: [0]
    )

    package static func row(_ id: Int64, _ name: String, _ n: Int64) -> Row {
        Row([.integer(id), .text(name), .integer(n)])
    }

    package static func key(_ id: Int64) -> Row { Row([.integer(id)]) }
}

func insist(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    if !holds { throw ContractBroken(description: what()) }
}

func insist<Value: Equatable>(_ found: Value, is expected: Value, _ what: String) throws {
    try insist(found == expected, "\(what): expected \(expected), found \(found)")
}

/// Insists that something is refused with one of these codes.
func insistRefusal(
    _ codes: StoreError.Code...,
    of what: String,
    _ body: () async throws -> Void
) async throws {
    do {
        try await body()
    } catch let error as StoreError {
        return try insist(codes.contains(error.code), "\(what): \(error.code): \(error)")
    }
    throw ContractBroken(description: "\(what) is not refused")
}
