import TallyModel

/// Which dead letters a person means.
struct LetterChoice {
    private let ids: [Int64]?

    /// - Parameter ids: `nil` for all.
    init(_ ids: [Int64]?) {
        self.ids = ids
    }

    /// - Throws: ``ControlError`` with code `notFound` naming the first id that no letter has; nothing is done then.
    func choose(from letters: [DeadLetter]) throws(ControlError) -> [DeadLetter] {
        guard let ids else { return letters }
        if let missing = ids.first(where: { id in !letters.contains { $0.id == id } }) {
            throw ControlError.noLetter(missing)
        }
        return letters.filter { ids.contains($0.id) }
    }
}

extension ControlError {
    static func noLetter(_ id: Int64) -> ControlError {
        ControlError(.notFound, "there is no dead letter \(id); `tally dead-letters list` shows those there are")
    }

    static func noTable(_ table: String, of flow: String, known: [String]) -> ControlError {
        ControlError(.notFound, "flow \(flow) has no table \(table); tables: \(known.joined(separator: ", "))")
    }

    /// Runs `body` and has its errors travel as control errors.
    static func wrapping<Result>(_ body: () async throws -> Result) async throws(ControlError) -> Result {
        do {
            return try await body()
        } catch {
            throw ControlError(error)
        }
    }
}

extension TableName {
    /// Reads what ``description`` prints.
    init(printed name: String) {
        let parts = name.split(separator: ".", maxSplits: 1)
        if parts.count == 2 { self.init(String(parts[1]), schema: String(parts[0])) } else { self.init(name) }
    }
}
