import TallyModel

/// What the slot and the publication of a flow are called: both the same.
struct CaptureName: Sendable, Hashable {
    let text: String
    /// What the names of all captures of the flow have in common.
    private let stem: String

    init(_ consumer: Consumer, database: String) {
        stem = Self.stem(of: consumer.flow)
        text = stem + Self.hash("\(consumer.flow)\0\(consumer.targetID)\0\(database)")
    }

    /// The name of the capture that the flow has, or would have.
    ///
    /// Who only looks does not know the target's identity: then it is the name of the flow's slot in this database.
    static func find(_ consumer: Consumer, database: String, in connection: PostgresConnection) throws -> String {
        let name = CaptureName(consumer, database: database).text
        guard consumer.targetID.isEmpty else { return name }
        let slots = try ReplicationSlot.slots(in: connection, where: "database = $1 ORDER BY 1", [.text(database)])
        return slots.map(\.name).first { fits($0, flow: consumer.flow) } ?? name
    }

    /// `tally_<flow>_`: lower case, what a slot's name cannot hold as `_`, short enough for a hash to follow.
    static func stem(of flow: String) -> String {
        let letters = flow.lowercased().unicodeScalars.map { scalar -> Character in
            ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "_"
        }
        return "tally_\(String(letters.prefix(48)))_"
    }

    /// Whether a slot or publication of this name may be the flow's.
    static func fits(_ name: String, flow: String) -> Bool {
        let stem = stem(of: flow)
        let rest = name.dropFirst(stem.count)
        return name.hasPrefix(stem) && rest.count == 8 && rest.allSatisfy { $0.isHexDigit && !$0.isUppercase }
    }

    /// FNV-1a, 32 bits, in hexadecimal digits.
    private static func hash(_ text: String) -> String {
        let hash = text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
