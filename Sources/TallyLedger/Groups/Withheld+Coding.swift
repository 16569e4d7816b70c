import TallyMerge
import TallyModel

/// As the ledger keeps it: the number of columns, their numbers, little-endian in two bytes each, and the row as members are
/// brought it, if there is one.
extension Withheld {
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for number in [columns.count] + columns {
            withUnsafeBytes(of: UInt16(truncatingIfNeeded: number).littleEndian) { bytes.append(contentsOf: $0) }
        }
        if let row = shown.row { bytes += [1] + RowCoding.encode(row) }
        return bytes
    }

    init(encoded bytes: [UInt8]) throws {
        func number(at place: Int) throws -> Int {
            guard place + 1 < bytes.count else { throw Damage() }
            return Int(bytes[place]) | Int(bytes[place + 1]) << 8
        }
        let count = try number(at: 0)
        let columns = try (0..<count).map { try number(at: 2 + 2 * $0) }
        let rest = bytes.dropFirst(2 + 2 * count)
        let row = rest.isEmpty ? nil : try RowCoding.decode(Array(rest.dropFirst()))
        self.init(columns: columns, shown: AuthoredRow(row))
    }

    private struct Damage: Error {}
}
