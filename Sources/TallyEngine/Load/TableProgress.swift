import Foundation
package import TallyModel

/// How far one table of a flow is: kept in the target as its note, in the same transaction as the rows it speaks of.
package struct TableProgress: Codable, Sendable, Hashable {
    package enum Phase: String, Codable, Sendable {
        case loading, catchingUp, live, paused, dropped
    }

    package struct Range: Codable, Sendable, Hashable {
        package var lower: EncodedRow?
        package var upper: EncodedRow?
        /// The last key that is in; `nil` before the first chunk.
        package var cursor: EncodedRow?
        package var isDone = false

        /// What is still to be read.
        package var rest: KeyRange { KeyRange(lower: (cursor ?? lower)?.row, upper: upper?.row) }
    }

    package var phase: Phase
    package var mode: Mode
    package var ranges: [Range]
    /// Rows that the load has brought.
    package var rows = 0
    /// About how many it has to bring.
    package var total: Int?
    /// The latest position that a chunk was read at, as ``Position/encoded``.
    package var asOf: String?
    /// The source's structure that the target's table was brought to.
    package var adopted: TableSchema
    /// The transform that the rows went through, as ``TransformSettings/fingerprint``: another one means other rows.
    package var rule: String
    /// Columns of the source that the flow leaves out because its rules say so, by ``Column/id``.
    package var ignored: Set<Int> = []

    package enum Mode: String, Codable, Sendable {
        case add, replace

        package var loadMode: LoadMode { self == .add ? .add : .replace }
    }

    package init(
        loading adopted: TableSchema,
        ranges: [KeyRange],
        total: Int?,
        mode: Mode,
        rule: String,
        ignored: Set<Int> = []
    ) {
        phase = .loading
        self.mode = mode
        self.ranges = ranges.map {
            Range(lower: $0.lower.map(EncodedRow.init), upper: $0.upper.map(EncodedRow.init))
        }
        self.total = total
        self.adopted = adopted
        self.rule = rule
        self.ignored = ignored
    }

    package var isLoading: Bool { phase == .loading }

    /// Whether rows of the target may be newer than the stream.
    package var isReplaying: Bool { phase == .loading || phase == .catchingUp }

    /// The same, standing still: what the target has of the table is not kept up.
    var paused: TableProgress {
        var paused = self
        paused.phase = .paused
        return paused
    }

    /// Takes note of a chunk that is in.
    package mutating func loaded(_ chunk: Chunk, range index: Int) {
        rows += chunk.rowCount
        if let upper = chunk.range.upper { ranges[index].cursor = EncodedRow(upper) }
        ranges[index].isDone = chunk.isLast
        if asOf.flatMap(Position.init(encoded:)).map({ $0 < chunk.asOf }) ?? true { asOf = chunk.asOf.encoded }
        if ranges.allSatisfy(\.isDone) { phase = .catchingUp }
    }

    /// Whether the stream, having reached `position`, has made a finished load exactly right.
    package func isCaughtUp(at position: Position) -> Bool {
        guard phase == .catchingUp else { return false }
        return asOf.flatMap(Position.init(encoded:)).map { $0 <= position } ?? true
    }

    // MARK: As a note

    package func note(for table: TableName) throws -> TableNote {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return TableNote(table: table, text: String(decoding: try encoder.encode(self), as: UTF8.self))
    }

    /// - Throws: ``StoreError`` with code `damaged` for a note that this version cannot read; it is never taken as
    ///   "nothing loaded".
    package init(_ note: TableNote) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(note.text.utf8))
        } catch {
            throw StoreError(
                .damaged,
                "the note that the target keeps for table \(note.table) cannot be read; it was changed by hand or "
                    + "written by a newer Tally. `tally resync FLOW` begins again",
                cause: error
            )
        }
    }
}

/// A row in a JSON text: its bytes in base 64.
package struct EncodedRow: Codable, Sendable, Hashable {
    package let row: Row

    package init(_ row: Row) {
        self.row = row
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(Data.self)
        row = try RowCoding.decode(text)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Data(RowCoding.encode(row)))
    }
}
