internal import TallyModel

/// The bytes do not hold a row's state.
public struct MalformedRowState: Error, Sendable {}

/// A format of Tally's own, kept for ever: a version byte; then the base, what it has seen, and the writes. Numbers are
/// variable-length (LEB128, signed ones in zigzag), values as ``RowCoding`` writes them. Equal states have equal bytes.
extension RowState {
    private static let version: UInt8 = 1

    /// The state as bytes.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        // Most rows would have the buffer grow otherwise.
        bytes.reserveCapacity(64 + (base?.byteCount ?? 0) + writes.reduce(0) { $0 + 48 + $1.byteCount })
        bytes.append(Self.version)
        if let base {
            bytes.append(number: UInt64(base.values.count) + 1)
            for value in base.values { RowCoding.append(value, to: &bytes) }
        } else {
            bytes.append(number: 0)
        }
        bytes.append(seen)
        bytes.append(number: UInt64(writes.count))
        for write in writes { bytes.append(write) }
        return bytes
    }

    /// - Throws: ``MalformedRowState`` for bytes that ``encoded`` did not make.
    public init(encoded: some Sequence<UInt8>) throws {
        do {
            var reader = RowCoding.Reader(bytes: Array(encoded))
            guard try reader.byte() == Self.version else { throw MalformedRowState() }
            self.init(
                base: try reader.row(),
                seen: try reader.vector(),
                writes: try reader.writes()
            )
            guard reader.isAtEnd, !writes.contains(where: { seen.includes($0.stamp.dot) }) else {
                throw MalformedRowState()
            }
        } catch is RowCoding.Malformed {
            throw MalformedRowState()
        }
    }
}

extension RowState {
    /// What the state of some bytes comes to, where no rule has a say in that because it has one write at most.
    ///
    /// - Returns: `nil` where rules have a say: then ``outcome(under:evaluating:)`` tells.
    /// - Throws: ``MalformedRowState``.
    public static func plainOutcome(encoded: [UInt8]) throws -> AuthoredRow? {
        do {
            var reader = RowCoding.Reader(bytes: encoded)
            guard try reader.byte() == version else { throw MalformedRowState() }
            let base = try reader.row()
            try reader.skipVector()
            guard let outcome = try reader.plainOutcome(over: base) else { return nil }
            guard reader.isAtEnd else { throw MalformedRowState() }
            return outcome
        } catch is RowCoding.Malformed {
            throw MalformedRowState()
        }
    }
}

extension RowWrite {
    fileprivate var byteCount: Int {
        edits.reduce(0) { $0 + 2 + ($1.before?.byteCount ?? 1) + ($1.after?.byteCount ?? 1) }
    }
}

extension [UInt8] {
    fileprivate mutating func append(number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    fileprivate mutating func append(_ vector: VersionVector) {
        append(number: UInt64(vector.storage.count) << 1 | (vector.span == nil ? 0 : 1))
        for entry in vector.storage {
            append(number: UInt64(entry.actor.number))
            append(number: entry.counter)
        }
        guard let span = vector.span else { return }
        append(number: UInt64(span.actor.number))
        append(number: span.from)
        append(number: span.through - span.from)
    }

    fileprivate mutating func append(_ write: RowWrite) {
        append(number: UInt64(write.stamp.dot.actor.number))
        append(number: write.stamp.dot.counter)
        let microseconds = write.stamp.time.microseconds
        append(number: UInt64(bitPattern: microseconds << 1 ^ microseconds >> 63))
        append(number: UInt64(write.stamp.time.counter))
        append(write.stamp.context)
        append(write.kind.rawValue)
        append(number: UInt64(write.edits.count))
        for edit in write.edits {
            append(number: UInt64(edit.column))
            RowCoding.append(edit.before, to: &self)
            RowCoding.append(edit.after, to: &self)
        }
    }
}

extension RowCoding.Reader {
    /// More columns than any store has; keeps a few bytes from asking for a huge row.
    private static let mostColumns = 1 << 16

    private var rest: Int { bytes.count - offset }

    private mutating func number() throws -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let byte = try byte()
            // The tenth byte has room for one bit; a last byte of zero would be a second spelling of the number.
            guard shift < 63 || byte <= 1, byte != 0 || shift == 0 else { throw MalformedRowState() }
            result |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return result }
        }
        throw MalformedRowState()
    }

    private mutating func number(upTo limit: Int) throws -> Int {
        guard let number = Int(exactly: try number()), number <= limit else { throw MalformedRowState() }
        return number
    }

    private mutating func actor() throws -> Actor {
        Actor(UInt16(try number(upTo: Int(UInt16.max))))
    }

    fileprivate mutating func row() throws -> Row? {
        let count = try number(upTo: min(rest, Self.mostColumns))
        guard count > 0 else { return nil }
        var values: [Value?] = []
        values.reserveCapacity(count - 1)
        for _ in 1..<count { values.append(try value()) }
        return Row(values)
    }

    fileprivate mutating func vector() throws -> VersionVector {
        let head = try number()
        let count = Int(clamping: head >> 1)
        guard count <= rest else { throw MalformedRowState() }
        var entries: [VersionVector.Entry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            let entry = VersionVector.Entry(actor: try actor(), counter: try number())
            guard entry.counter > 0, entries.last.map({ $0.actor < entry.actor }) ?? true else {
                throw MalformedRowState()
            }
            entries.append(entry)
        }
        guard head & 1 == 1 else { return VersionVector(ascending: entries) }
        let (actor, from, length) = (try actor(), try number(), try number())
        let (through, overflow) = from.addingReportingOverflow(length)
        let last = entries.first { $0.actor == actor }?.counter ?? 0
        // One that begins right behind the counter is part of it.
        guard !overflow, last < .max, from > last + 1 else { throw MalformedRowState() }
        return VersionVector(
            ascending: entries,
            span: VersionVector.Span(actor: actor, from: from, through: through)
        )
    }

    fileprivate mutating func skipVector() throws {
        let head = try number()
        guard head >> 1 <= rest else { throw MalformedRowState() }
        for _ in 0..<(head >> 1) + (head & 1) {
            // An actor and a counter; a span has a length behind them.
            _ = (try number(), try number())
        }
        if head & 1 == 1 { _ = try number() }
    }

    /// What the writes that follow come to, unless they are several.
    fileprivate mutating func plainOutcome(over base: Row?) throws -> AuthoredRow? {
        let count = try number()
        if count == 0 { return AuthoredRow(base) }
        guard count == 1 else { return nil }
        // Its dot and its time.
        for _ in 0..<4 { _ = try number() }
        try skipVector()
        guard let kind = RowWrite.Kind(rawValue: try byte()) else { throw MalformedRowState() }
        var values = base?.values ?? []
        let edits = try number(upTo: min(rest, Self.mostColumns))
        values.reserveCapacity(max(values.count, edits))
        for _ in 0..<edits {
            let column = try number(upTo: Self.mostColumns - 1)
            try skip()
            while values.count <= column { values.append(nil) }
            values[column] = try value()
        }
        return kind == .delete ? AuthoredRow(nil) : .row(Row(values))
    }

    fileprivate mutating func writes() throws -> [RowWrite] {
        let count = try number(upTo: rest)
        var writes: [RowWrite] = []
        var dots: Set<Dot> = []
        for _ in 0..<count {
            let write = try write()
            guard writes.last.map({ $0.stamp.precedes(write.stamp) }) ?? true,
                count == 1 || dots.insert(write.stamp.dot).inserted
            else { throw MalformedRowState() }
            writes.append(write)
        }
        return writes
    }

    private mutating func write() throws -> RowWrite {
        let dot = Dot(actor: try actor(), counter: try number())
        let zigzag = try number()
        let microseconds = Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
        let time = HybridTime(microseconds: microseconds, counter: UInt32(try number(upTo: Int(UInt32.max))))
        let context = try vector()
        guard let kind = RowWrite.Kind(rawValue: try byte()) else { throw MalformedRowState() }
        var edits: [ColumnEdit] = []
        let count = try number(upTo: min(rest, Self.mostColumns))
        edits.reserveCapacity(count)
        for _ in 0..<count {
            let column = try number(upTo: Self.mostColumns - 1)
            guard edits.last.map({ $0.column < column }) ?? true else { throw MalformedRowState() }
            edits.append(ColumnEdit(column: column, before: try value(), after: try value()))
        }
        return RowWrite(stamp: Stamp(dot: dot, time: time, context: context), kind: kind, edits: edits)
    }
}
