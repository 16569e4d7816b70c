import TallyModel

/// Something that has to be in a database before a table that uses it.
enum Prerequisite: Codable, Sendable, Hashable {
    case installed(extension: String)
    case collation(name: TableName, options: String)
    case enumeration(name: TableName, labels: [String])
    case domain(name: TableName, definition: String)
    case composite(name: TableName, fields: String)
    case range(name: TableName, options: String)

    /// What it is called in the catalog; `nil` for an extension.
    var name: TableName? {
        switch self {
        case .installed: nil
        case .collation(let name, _), .enumeration(let name, _), .domain(let name, _), .composite(let name, _),
            .range(let name, _):
            name
        }
    }

    var sql: String {
        switch self {
        case .installed(let name): "CREATE EXTENSION IF NOT EXISTS \(name.postgresIdentifier)"
        case .collation(let name, let options): "CREATE COLLATION \(name.postgresSQL) (\(options))"
        case .enumeration(let name, let labels):
            "CREATE TYPE \(name.postgresSQL) AS ENUM (\(labels.map(\.postgresLiteral).joined(separator: ", ")))"
        case .domain(let name, let definition): "CREATE DOMAIN \(name.postgresSQL) AS \(definition)"
        case .composite(let name, let fields): "CREATE TYPE \(name.postgresSQL) AS (\(fields))"
        case .range(let name, let options): "CREATE TYPE \(name.postgresSQL) AS RANGE (\(options))"
        }
    }

    var summary: String {
        switch self {
        case .installed(let name): "extension \(name)"
        case .collation(let name, _): "collation \(name)"
        case .enumeration(let name, _), .composite(let name, _), .range(let name, _): "type \(name)"
        case .domain(let name, _): "domain \(name)"
        }
    }
}
