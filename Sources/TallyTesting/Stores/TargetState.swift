package import TallyModel

/// What an in-memory target holds at one commit.
package struct TargetState: Sendable, Hashable {
    package struct Held: Sendable, Hashable {
        package var checkpoint: Checkpoint?
        package var notes: [TableName: String] = [:]
        package var runner: Runner?

        package init() {}
    }

    package var tables: [TableName: TargetTable] = [:]
    package var flows: [String: Held] = [:]
    /// Tables that somebody has changed by hand, by their names here, until a load of them begins.
    package var isTampered: Set<TableName> = []
    /// Counts commits.
    package internal(set) var number = 0

    package init() {}

    func progress(of flow: String) -> FlowProgress? {
        guard let held = flows[flow], held.checkpoint != nil || !held.notes.isEmpty else { return nil }
        let notes = held.notes.sorted { $0.key < $1.key }.map { TableNote(table: $0.key, text: $0.value) }
        return FlowProgress(checkpoint: held.checkpoint, notes: notes)
    }

    // MARK: Changes

    mutating func apply(
        _ slice: Slice,
        replaying: Set<TableName>,
        accepts: (TableSchema, Row) -> Bool
    ) throws -> ApplyOutcome {
        var outcome = ApplyOutcome()
        let places = try slice.tables.map { schema in
            // A table that no change speaks of need not be there.
            try tables[schema.name].map { try $0.places(of: schema) }
        }
        for (index, change) in slice.changes.enumerated() {
            let name = slice.tables[change.table].name
            guard let places = places[change.table], tables[name] != nil else {
                throw StoreError(.missingTable, "the target has no table \(name)", table: name)
            }
            let isReplaying = replaying.contains(name)
            let fate = fate(of: change, in: name, places, isReplaying: isReplaying, accepts: accepts)
            switch fate {
            case .taken, .skipped: break
            case .mended: outcome.mended += isReplaying ? 0 : 1
            case .refused(let reason): outcome.rejections.append(Rejection(index: index, reason: reason))
            }
        }
        return outcome
    }

    func violation(
        of index: Int,
        in slice: Slice,
        accepts: (TableSchema, Row) -> Bool
    ) throws -> Violation? {
        let change = slice.changes[index]
        let schema = slice.tables[change.table]
        guard let table = tables[schema.name] else {
            throw StoreError(.missingTable, "the target has no table \(schema.name)", table: schema.name)
        }
        guard change.operation == .insert || change.operation == .update else { return nil }
        let row = table.arranged(change.row, try table.places(of: schema))
        return table.violation(of: row, former: change.formerKey, isComplete: change.row.isComplete, accepts: accepts)
    }

    private mutating func fate(
        of change: Change,
        in name: TableName,
        _ places: [Int],
        isReplaying: Bool,
        accepts: (TableSchema, Row) -> Bool
    ) -> TargetTable.Fate {
        guard let table = tables[name] else { return .skipped }
        switch change.operation {
        case .truncate:
            tables[name]?.rows = [:]
            return .taken
        case .delete:
            return tables[name]?.delete(table.key(of: table.arranged(change.row, places))) ?? .skipped
        case .insert, .update:
            return tables[name]?.put(
                table.arranged(change.row, places),
                former: change.formerKey,
                expected: change.operation == .update,
                givesWay: isReplaying,
                isComplete: change.row.isComplete,
                accepts: accepts
            ) ?? .skipped
        }
    }

    // MARK: Chunks

    mutating func load(
        _ chunk: Chunk,
        mode: LoadMode,
        accepts: (TableSchema, Row) -> Bool
    ) throws -> ApplyOutcome {
        let name = chunk.schema.name
        guard var table = tables[name] else {
            throw StoreError(.missingTable, "the target has no table \(name)", table: name)
        }
        let places = try table.places(of: chunk.schema)
        let rows = chunk.rows.map { table.arranged($0, places) }
        if mode != .add {
            let keys = Set(rows.map(table.key))
            table.rows = table.rows.filter { keys.contains($0.key) || !KeyOrder.contains(chunk.range, $0.key) }
        }
        var outcome = ApplyOutcome()
        if mode != .sweep {
            for (index, row) in rows.enumerated() {
                let fate = table.put(
                    row,
                    former: nil,
                    expected: nil,
                    givesWay: true,
                    isComplete: true,
                    accepts: accepts
                )
                if case .refused(let reason) = fate {
                    outcome.rejections.append(Rejection(index: index, reason: reason))
                }
            }
        }
        tables[name] = table
        return outcome
    }

    mutating func commit(_ checkpoint: Checkpoint?, notes: [TableNote], of flow: String) {
        var held = flows[flow] ?? Held()
        if let checkpoint { held.checkpoint = checkpoint }
        for note in notes { held.notes[note.table] = note.text.isEmpty ? nil : note.text }
        flows[flow] = held
    }

    mutating func change(_ name: TableName, _ body: (inout TargetTable) throws -> Void) throws {
        guard var table = tables[name] else {
            throw StoreError(.missingTable, "the target has no table \(name)", table: name)
        }
        try body(&table)
        tables[name] = table
    }
}
