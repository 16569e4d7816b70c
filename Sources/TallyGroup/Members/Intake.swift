import TallyMerge
import TallyModel

/// Puts the slices of a member's stream together into the transactions they are of.
struct Intake {
    private let member: String
    private let tables: [GroupTable]
    private var bridges: [TableName: (version: Int, bridge: TableBridge?)] = [:]
    /// Of the transaction whose end has not come yet.
    private var changes: [MemberChange] = []

    init(member: String, tables: [GroupTable]) {
        self.member = member
        self.tables = tables
    }

    mutating func steps(of slice: Slice) throws -> [IntakeStep] {
        var steps: [IntakeStep] = []
        let bridges = try slice.tables.map { try bridge(for: $0) }
        var next = 0
        func read(to end: Int, _ changes: inout [MemberChange]) {
            while next < end {
                let change = slice.changes[next]
                let time = next < slice.times.count ? slice.times[next] : nil
                if let bridge = bridges[change.table] { changes.append(bridge.change(change, time: time)) }
                next += 1
            }
        }
        for boundary in slice.boundaries {
            read(to: boundary.count, &changes)
            steps.append(
                IntakeStep(
                    changes: changes,
                    committed: boundary.commit.time ?? Timestamp(microseconds: 0),
                    applied: boundary.applied,
                    position: boundary.commit.position
                )
            )
            changes = []
        }
        read(to: slice.changes.count, &changes)
        if changes.isEmpty, let end = slice.end { steps.append(IntakeStep(position: end.position)) }
        return steps
    }

    mutating func bridge(for schema: TableSchema) throws -> TableBridge? {
        if let known = bridges[schema.name], known.version == schema.version { return known.bridge }
        let table = tables.first { $0.schema.name == schema.name }
        let bridge = try table.map { try TableBridge($0, member: schema, named: member) }
        bridges[schema.name] = (schema.version, bridge)
        return bridge
    }
}
