import TallyModel

/// Writes one chunk of a load in the open transaction.
struct ChunkWriter {
    let chunk: Chunk
    let target: TargetConnection
    let writer: TableWriter

    init(_ chunk: Chunk, to target: TargetConnection, _ writer: TableWriter) {
        self.chunk = chunk
        self.target = target
        self.writer = writer
    }

    mutating func write(_ mode: LoadMode) throws -> ApplyOutcome {
        switch mode {
        case .add: return try add()
        case .replace:
            let range = try RangeStatements(chunk, writer, target)
            guard try range.holdsRows(in: target) else { return try add() }
            return try replace(range)
        case .sweep:
            let range = try RangeStatements(chunk, writer, target)
            guard try range.holdsRows(in: target) else { return ApplyOutcome() }
            let chunk = try chunk.unpacked()
            try range.deleteOthers(than: chunk.rows, writer, in: target)
            return ApplyOutcome()
        }
    }

    // MARK: Adding

    private func add() throws -> ApplyOutcome {
        do {
            if let packed = chunk.packed, packed.layout == writer.statements.layout.text, !writer.target.hasPolicies {
                // The pieces together are one whole COPY, with header and trailer.
                try target.copy(writer.statements.copy(isBinary: packed.form == PackedLayout.binaryForm)) {
                    connection in
                    for piece in packed.pieces { try connection.send(piece) }
                }
                return ApplyOutcome()
            }
            let rows = try chunk.unpacked().rows
            if rows.isEmpty { return ApplyOutcome() }
            if writer.copies(rows.count) {
                return outcome(try writer.copy(rows, to: target))
            }
            let encoded = writer.insert(rows, or: .refuse)
            if encoded.count > 0 { try target.run([encoded.command]) }
            return outcome(encoded.refusals)
        } catch let error as StoreError where target.connection.isOpen && error.isAboutRows {
            try target.undo()
            return try writeOver(chunk.unpacked().rows)
        }
    }

    private func outcome(_ refusals: [Refusal]) -> ApplyOutcome {
        ApplyOutcome(rejections: refusals.map { Rejection(index: $0.row, reason: $0.reason) })
    }

    /// Writes rows over those that have their keys; what the server refuses is rejected row by row. Rows that the load
    /// or the stream brings again give way.
    private func writeOver(_ rows: [Row]) throws -> ApplyOutcome {
        let changes = rows.map { Change(.insert, table: 0, row: $0) }
        let slice = Slice(tables: [chunk.schema], changes: changes, end: nil, byteCount: 0)
        var writer = SliceWriter(slice, to: target, [writer], replaying: [chunk.schema.name])
        try writer.writeCarefully()
        var outcome = writer.outcome
        outcome.mended = 0
        return outcome
    }

    // MARK: Replacing

    /// Writes the rows that differ, deletes those that the chunk lacks, and leaves all others alone.
    private func replace(_ range: RangeStatements) throws -> ApplyOutcome {
        let rows = try chunk.unpacked().rows
        do {
            try range.deleteOthers(than: rows, writer, in: target)
            guard !rows.isEmpty else { return ApplyOutcome() }
            let stage = "tally_chunk"
            try target.execute(writer.statements.makeStage(stage))
            let refusals = try writer.copy(rows, to: target, stage: stage)
            try target.execute(writer.statements.writeDifferent(from: stage) + "; DROP TABLE pg_temp.\(stage)")
            return outcome(refusals)
        } catch let error as StoreError where target.connection.isOpen && error.isAboutRows {
            try target.undo()
            try range.deleteOthers(than: rows, writer, in: target)
            return try writeOver(rows)
        }
    }
}
