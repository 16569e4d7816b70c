import TallyModel

/// One message of the server's plugin `pgoutput`, protocol versions 1 and 2
/// (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html).
///
/// Messages of rows keep their values undecoded: they are read where they lie, and must not outlive the buffer.
enum PgoutputMessage {
    /// The next messages belong to a transaction that was committed at `time`.
    case begin(time: Timestamp)
    /// `end` is where the transaction's record ends: the position after it.
    case commit(end: UInt64, time: Timestamp)
    case relation(RelationDescription)
    case insert(relation: UInt32, tuples: MessageReader)
    case update(relation: UInt32, tuples: MessageReader)
    case delete(relation: UInt32, tuples: MessageReader)
    case truncate(relations: [UInt32])
    /// The next messages belong to a transaction that is not committed yet.
    case streamStart(xid: UInt32)
    case streamStop
    case streamCommit(xid: UInt32, end: UInt64, time: Timestamp)
    case streamAbort(xid: UInt32, subtransaction: UInt32)
    /// The transaction at hand is a group's own and brings the database to a sequence.
    case signature(Signature)
    /// What says nothing about rows: origins, types, logical messages of others.
    case other

    /// - Parameter isStreamed: Whether it stands between `streamStart` and `streamStop`, where messages also carry the
    ///   transaction they belong to: see ``subtransaction(of:)``.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, isStreamed: Bool = false) throws {
        var reader = MessageReader(bytes)
        let kind = try reader.byte()
        if isStreamed, kind != UInt8(ascii: "E") { _ = try reader.integer(UInt32.self) }
        switch kind {
        case UInt8(ascii: "I"): self = .insert(relation: try reader.integer(), tuples: reader)
        case UInt8(ascii: "U"): self = .update(relation: try reader.integer(), tuples: reader)
        case UInt8(ascii: "D"): self = .delete(relation: try reader.integer(), tuples: reader)
        default: self = try Self.rare(kind, &reader)
        }
    }

    @inline(never)
    private static func rare(_ kind: UInt8, _ reader: inout MessageReader) throws -> PgoutputMessage {
        switch kind {
        case UInt8(ascii: "B"):
            _ = try reader.bytes(8)
            return .begin(time: try time(&reader))
        case UInt8(ascii: "C"):
            _ = try reader.bytes(9)
            return .commit(end: try reader.integer(), time: try time(&reader))
        case UInt8(ascii: "R"): return .relation(try relation(&reader))
        case UInt8(ascii: "T"):
            let count = Int(try reader.integer(UInt32.self))
            _ = try reader.byte()
            guard count <= reader.count / 4 else { throw MessageReader.malformed }
            return .truncate(relations: try (0..<count).map { _ in try reader.integer() })
        case UInt8(ascii: "S"): return .streamStart(xid: try reader.integer())
        case UInt8(ascii: "E"): return .streamStop
        case UInt8(ascii: "c"):
            let xid: UInt32 = try reader.integer()
            _ = try reader.bytes(9)
            return .streamCommit(xid: xid, end: try reader.integer(), time: try time(&reader))
        case UInt8(ascii: "A"):
            return .streamAbort(xid: try reader.integer(), subtransaction: try reader.integer())
        case UInt8(ascii: "M"): return try Signature(&reader).map(PgoutputMessage.signature) ?? .other
        case UInt8(ascii: "O"), UInt8(ascii: "Y"): return .other
        default: throw MessageReader.malformed
        }
    }

    /// The transaction or subtransaction that a message of a stream in progress belongs to.
    static func subtransaction(of bytes: UnsafeRawBufferPointer) throws -> UInt32 {
        var reader = MessageReader(bytes)
        _ = try reader.byte()
        return try reader.integer()
    }

    private static func relation(_ reader: inout MessageReader) throws -> RelationDescription {
        let oid: UInt32 = try reader.integer()
        let namespace = try reader.text()
        let name = try reader.text()
        let identity = String(UnicodeScalar(try reader.byte()))
        let count = Int(try reader.integer(UInt16.self))
        let columns = try (0..<count).map { _ in
            RelationDescription.Column(
                isIdentity: try reader.byte() & 1 == 1,
                name: try reader.text(),
                type: try reader.integer(),
                typeModifier: try reader.integer()
            )
        }
        return RelationDescription(
            oid: oid,
            // An empty one stands for pg_catalog.
            namespace: namespace.isEmpty ? "pg_catalog" : namespace,
            name: name,
            replicaIdentity: PostgresTable.ReplicaIdentity(rawValue: identity) ?? .primaryKey,
            columns: columns
        )
    }

    private static func time(_ reader: inout MessageReader) throws -> Timestamp {
        Timestamp(postgres: try reader.integer())
    }
}

extension Timestamp {
    /// - Parameter microseconds: Since the year 2000, as the server counts.
    @inline(__always)
    init(postgres microseconds: Int64) {
        self.init(microseconds: microseconds &+ 946_684_800_000_000)
    }
}
