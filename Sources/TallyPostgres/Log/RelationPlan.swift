import TallyModel

/// How the rows of one table are read, as the log describes it from one Relation message to the next.
struct RelationPlan {
    let schema: TableSchema
    private let columns: [PostgresColumn]
    private let key: [Int]
    private let isKey: [Bool]
    /// The table's place among those of the slice at hand, and which slice that is.
    var place = 0
    var generation = -1

    init(_ table: PostgresTable) {
        schema = table.schema
        columns = table.columns
        key = table.schema.key
        var isKey = [Bool](repeating: false, count: table.columns.count)
        for index in table.schema.key { isKey[index] = true }
        self.isKey = isKey
    }

    private enum Kind {
        static let absent = UInt8(ascii: "u")
        static let binary = UInt8(ascii: "b")
        static let fullRow = UInt8(ascii: "O")
        static let keyOnly = UInt8(ascii: "K")
        static let newRow = UInt8(ascii: "N")
        static let null = UInt8(ascii: "n")
        static let text = UInt8(ascii: "t")
    }

    @inline(__always)
    func insert(_ tuples: MessageReader) throws -> Change {
        var reader = tuples
        guard try reader.byte() == Kind.newRow else { throw MessageReader.malformed }
        return Change(.insert, table: place, row: try row(&reader))
    }

    /// The change of an update: with the key before where it is another, and with values that the update left alone
    /// where the server logs the whole row.
    @inline(__always)
    func update(_ tuples: MessageReader) throws -> Change {
        var reader = tuples
        let kind = try reader.byte()
        if kind == Kind.newRow { return Change(.update, table: place, row: try row(&reader)) }
        guard kind == Kind.keyOnly || kind == Kind.fullRow else { throw MessageReader.malformed }
        let former = try row(&reader)
        guard try reader.byte() == Kind.newRow else { throw MessageReader.malformed }
        var current = try row(&reader)
        // What the update left alone and the server did not send is not NULL. Where the former row says NULL it does not
        // hold the value: `kind` cannot say so, being that of the partitioned table for all partitions of any identity.
        for index in columns.indices where current[index] == nil && former[index] != .null {
            current[index] = former[index]
        }
        let formerKey = former.picking(key)
        return Change(
            .update,
            table: place,
            row: current,
            formerKey: formerKey == current.picking(key) ? nil : formerKey
        )
    }

    @inline(__always)
    func delete(_ tuples: MessageReader) throws -> Change {
        var reader = tuples
        let kind = try reader.byte()
        guard kind == Kind.keyOnly || kind == Kind.fullRow else { throw MessageReader.malformed }
        var former = try row(&reader)
        // Only the key of a row that is gone is certain to be there; what else is not sent looks like NULL.
        for index in columns.indices where !isKey[index] { former[index] = nil }
        return Change(.delete, table: place, row: former)
    }

    private func row(_ reader: inout MessageReader) throws -> Row {
        let count = Int(try reader.integer(UInt16.self))
        guard count == columns.count else { throw MessageReader.malformed }
        return Row(
            try [Value?](unsafeUninitializedCapacity: count) { places, filled in
                try columns.withUnsafeBufferPointer { columns in
                    for index in 0..<count {
                        let value = try Self.value(&reader, columns.baseAddress! + index)
                        (places.baseAddress! + index).initialize(to: value)
                        filled = index + 1
                    }
                }
            }
        )
    }

    @inline(__always)
    private static func value(
        _ reader: inout MessageReader,
        _ column: UnsafePointer<PostgresColumn>
    ) throws -> Value? {
        switch try reader.byte() {
        case Kind.binary:
            let field = try reader.bytes(Int(try reader.integer(Int32.self)))
            return try ValueDecoding.decodeBinary(field, as: column.pointee.shape, typeName: column.pointee.typeName)
        case Kind.text:
            let field = try reader.bytes(Int(try reader.integer(Int32.self)))
            return try ValueDecoding.decodeText(field, as: column.pointee.shape, typeName: column.pointee.typeName)
        case Kind.null: return .null
        case Kind.absent: return nil
        default: throw MessageReader.malformed
        }
    }
}
