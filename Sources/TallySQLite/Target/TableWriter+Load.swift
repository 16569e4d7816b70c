import SQLite
import TallyModel

extension TableWriter {
    func load(_ chunk: Chunk, mode: LoadMode) throws -> ApplyOutcome {
        guard mode != .add, try holdsRows(in: mapping.problem(with: chunk.range) == nil ? chunk.range : .all) else {
            return ApplyOutcome(rejections: mode == .sweep ? [] : try write(chunk.rows, onlyIfDifferent: false))
        }
        if let problem = mapping.problem(with: chunk.range) {
            throw StoreError(.incompatibleSchema, problem, table: mapping.table)
        }
        try deleteOthers(than: chunk.rows, in: chunk.range)
        return ApplyOutcome(rejections: mode == .sweep ? [] : try write(chunk.rows, onlyIfDifferent: true))
    }

    /// Writes complete rows; those that stand in the way of a unique constraint go.
    ///
    /// - Parameter onlyIfDifferent: Whether most rows are expected to be there, and perhaps as they should be.
    private func write(_ rows: [Row], onlyIfDifferent: Bool) throws -> [Rejection] {
        var rejections: [Rejection] = []
        let statement = try statement(onlyIfDifferent ? .upsertDifferent : .insert)
        for index in rows.indices {
            let effect = try orRejected {
                if let problem = keyProblem(of: rows[index]) { return .rejected(problem) }
                guard try bind(rows[index], to: statement) else { return .rejected(Self.incomplete) }
                guard let broken = try statement.write() else { return .done }
                guard broken.isDuplicate else { return .rejected(broken.message) }
                if onlyIfDifferent { return mapping.givesWay ? try replace(rows[index]) : .rejected(broken.message) }
                return try writeOver(rows[index], givingWay: true, effect: .done)
            }
            if case .rejected(let reason) = effect { rejections.append(Rejection(index: index, reason: reason)) }
        }
        return rejections
    }

    private func holdsRows(in range: KeyRange) throws -> Bool {
        let statement = try connection.cached(mapping.anyRow(in: range))
        defer { statement.reset() }
        try statement.bind(bounds(of: range))
        return try statement.step()
    }

    private func deleteOthers(than rows: [Row], in range: KeyRange) throws {
        for sql in mapping.keyTable { try connection.execute(sql) }
        let insert = try connection.prepare(mapping.insertKey)
        for row in rows where try bindKey(of: row, to: insert) == nil { _ = try insert.write() }
        let delete = try connection.prepare(mapping.deleteOthers(in: range))
        try delete.bind(bounds(of: range))
        _ = try delete.step()
    }

    private func bounds(of range: KeyRange) -> [Value] {
        [range.lower, range.upper].compactMap { $0 }.flatMap { $0.values.map { $0 ?? .null } }
    }
}
