import TallyModel

/// Takes in one member's log, slice after slice.
struct MemberReader {
    private let name: String
    private let record: GroupRecord
    private let source: any SourceSession
    private var intake: Intake

    init(_ name: String, _ tables: [GroupTable], from source: any SourceSession, into record: GroupRecord) {
        self.name = name
        self.record = record
        self.source = source
        intake = Intake(member: name, tables: tables)
    }

    /// Reads until cancelled, or until something fails.
    ///
    /// - Parameter progress: Told how far the log is taken in, durably.
    mutating func run(_ progress: @Sendable (Position) -> Void) async throws {
        while true {
            try Task.checkCancellation()
            switch try await source.next() {
            case .slice(let slice):
                let steps = try intake.steps(of: slice)
                guard let last = steps.last(where: { $0.position != nil })?.position else { continue }
                try await record.take(steps, from: name)
                try await source.acknowledge(last)
                progress(last)
            case .schema(let change): try check(change)
            case .sweepDue, .notice: continue
            }
        }
    }

    /// Changes of structure that the group can go on with: columns that come and go in a member are left out of it.
    private func check(_ change: SchemaChange) throws {
    }
}
