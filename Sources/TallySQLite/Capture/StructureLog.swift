import SQLite
import TallyModel

/// Changes of structure, kept as rows of the log between the rows of the changes around them, so that every flow meets
/// them in their place, again after a restart.
enum StructureRecord: Sendable, Hashable {
    case created(shape: Int64)
    case altered(shape: Int64, former: Int64)
    case dropped(shape: Int64)
    case invalidated(shape: Int64, reason: String)

    /// - Returns: The record's place in the log.
    @discardableResult
    func append(in connection: Connection) throws -> Int64 {
        let (word, shape, rest): (String, Int64, Value) =
            switch self {
            case .created(let shape): ("created", shape, .null)
            case .altered(let shape, let former): ("altered", shape, .integer(former))
            case .dropped(let shape): ("dropped", shape, .null)
            case .invalidated(let shape, let reason): ("invalidated", shape, .text(reason))
            }
        try connection.run(
            """
            INSERT INTO _tally_log(kind, at, c0, c1, c2) VALUES (\(LogKind.structure), julianday('now'), ?, ?, ?)
            """,
            .text(word),
            .integer(shape),
            rest
        )
        return connection.lastInsertRowID
    }

    /// Reads a record from its columns; `nil` for what no version of this wrote.
    init?(word: Value, shape: Value, rest: Value) {
        guard case .text(let word) = word, case .integer(let shape) = shape else { return nil }
        switch (word, rest) {
        case ("created", _): self = .created(shape: shape)
        case ("altered", .integer(let former)): self = .altered(shape: shape, former: former)
        case ("dropped", _): self = .dropped(shape: shape)
        case ("invalidated", .text(let reason)): self = .invalidated(shape: shape, reason: reason)
        default: return nil
        }
    }
}
