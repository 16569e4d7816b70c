import TallyModel

/// The same again where something was not as expected: each statement by itself, and what the server refuses divided
/// until the rows that it refuses are alone.
extension SliceWriter {
    mutating func writeCarefully() throws {
        begin()
        if target.firesTriggers { try target.execute("SET CONSTRAINTS ALL IMMEDIATE") }
        for run in plan.runs {
            guard let writer = writers[run.table] else { continue }
            let places = Array(run.changes.indices)
            switch run.kind {
            case .truncate: try emptyCarefully(run)
            case .delete: try deleteCarefully(run, places, writer)
            case .insert: try insertCarefully(run, places, writer, isExpected: false)
            case .update(let columns): try updateCarefully(run, places, columns, writer)
            case .move: try moveCarefully(run, writer)
            }
        }
        if target.firesTriggers { try target.execute("SET CONSTRAINTS ALL DEFERRED") }
    }

    // MARK: Kinds of changes

    private mutating func emptyCarefully(_ run: ChangeRun) throws {
        let commands = truncation(of: [run])
        try isolated(run, [0]) { writer, _ in
            _ = try writer.target.run(commands)
        }
    }

    private mutating func deleteCarefully(_ run: ChangeRun, _ places: [Int], _ writer: TableWriter) throws {
        let isReplaying = isReplaying[run.table]
        var deleted = 0
        var sent = 0
        try isolated(run, places) { slice, rows in
            let encoded = writer.delete(rows)
            guard encoded.count > 0 else { return slice.refuse(encoded.refusals, at: places) }
            deleted += try slice.target.run([encoded.command])[0].affectedRows
            sent += encoded.count
            slice.refuse(encoded.refusals, at: places)
        }
        if !isReplaying { outcome.mended += max(0, sent - run.unexpected - deleted) }
    }
}
