import TallyModel
import TallyTransform

/// What the target refuses of a slice, and what that means for the rows' letters.
extension FlowSession {
    /// Parks what was refused, and lets letters go whose rows the target took.
    func settle(_ rejections: [Rejection], of outgoing: Outgoing, in schemas: [TableSchema]) async throws {
        let isConcerned = schemas.contains { parked.concerns($0.name) }
        guard !rejections.isEmpty || !outgoing.failures.isEmpty || isConcerned else { return }
        let reasons = Dictionary(rejections.map { ($0.index, $0.reason) }, uniquingKeysWith: { first, _ in first })
        let origins = outgoing.origins
        var concerned = Set(reasons.keys.map { origins[$0].table }).union(outgoing.failures.map(\.change.table))
        for table in schemas.indices where parked.concerns(schemas[table].name) { concerned.insert(table) }
        var refusals = Refusals(schemas)
        var failures = outgoing.failures[...]
        for (index, change) in origins.enumerated() where concerned.contains(change.table) {
            while let failure = failures.first, failure.before <= index {
                refusals.add(failure.change, refused: failure.reason)
                failures.removeFirst()
            }
            if change.operation == .truncate, let reason = reasons[index] {
                let table = schemas[change.table].name
                throw StoreError(.rejected, "the target refused to empty the table: \(reason)", table: table)
            }
            refusals.add(change, refused: reasons[index])
        }
        for failure in failures { refusals.add(failure.change, refused: failure.reason) }
        for table in refusals.emptied.sorted() { parked.tookTruncate(of: schemas[table].name) }
        for (row, consequence) in zip(refusals.rows, refusals.consequences) {
            let schema = schemas[row.table]
            switch consequence {
            case .park(let change, let reason): park(change, schema, reason: reason, at: outgoing.position)
            case .pass(let change): parked.took(change, of: schema, key: row.key)
            case .again(let change): try await applyAgain(change, schema, at: outgoing.position)
            }
        }
    }

    private func applyAgain(_ change: Change, _ schema: TableSchema, at position: Position) async throws {
        let route = try route(for: schema)
        let reason: String?
        do {
            var single = try route.change(change)
            single.table = 0
            let slice = Slice(tables: [route.output], changes: [single], end: nil, byteCount: single.byteCount)
            let replaying = self.replaying
            let outcome = try await namingSource { try await target.apply(slice, replaying: replaying) }
            reason = outcome.rejections.first?.reason
        } catch let error as TransformFailure {
            reason = "\(error)"
        }
        if let reason {
            park(change, schema, reason: reason, at: position)
        } else {
            parked.took(change, of: schema, key: schema.identity(of: change.row))
        }
    }
}
