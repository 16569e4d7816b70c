import TallyModel
import TallyTesting
import Testing

/// The stores that simulations run against keep the same contracts as real ones: else the simulations prove nothing.
struct InMemoryContractTests {
    @Test(arguments: TargetContract.Rule.allCases)
    func theInMemoryTargetKeepsItsContract(rule: TargetContract.Rule) async throws {
        let target = InMemoryTarget(uniques: rule == .tellsViolations ? [Thing.name: "name"] : [:], loadsBeside: true)
        let contract = TargetContract(
            target.reached(by: .clear),
            newRunner: Self.newRunner,
            makeUnique: { _, _ in }
        ) { name in
            guard let table = target.visible.tables[name] else { return [] }
            return table.rows.values.sorted { left, right in
                guard case .integer(let left)? = left[0], case .integer(let right)? = right[0] else { return false }
                return left < right
            }
        }
        try await contract.check(rule)
        #expect(target.violations == [])
    }

    @Test(arguments: SourceContract.Rule.allCases)
    func theInMemorySourceKeepsItsContract(rule: SourceContract.Rule) async throws {
        let source = InMemorySource(quirks: SourceQuirks(), seed: 1)
        source.create(SourceTable(Thing.schema))
        let contract = SourceContract(source.reached(by: .clear)) { writes in
            source.write(at: Timestamp(microseconds: 1)) { transaction in
                for write in writes {
                    switch write {
                    case .insert(let row): transaction.insert(row, into: Thing.name)
                    case .update(let row, let key): transaction.update(key, of: Thing.name, to: row)
                    case .delete(let key): transaction.delete(key, from: Thing.name)
                    }
                }
            }
        }
        try await contract.check(rule)
    }

    @Sendable private static func newRunner() -> Runner {
        Runner(id: "\(UInt64.random(in: 0...(.max)))", host: "here", processID: 1, processStart: "")
    }
}
