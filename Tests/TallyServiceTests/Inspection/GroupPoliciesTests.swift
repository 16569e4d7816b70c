import TallyGroup
import TallyMerge
import TallyModel
import TallyService
import Testing

@Suite struct GroupPoliciesTests {
    private let schema = TableSchema(
        name: TableName("items"),
        columns: [
            Column(id: 1, name: "id", declaredType: "INTEGER"),
            Column(id: 2, name: "quantity", declaredType: "INTEGER"),
            Column(id: 3, name: "tags", declaredType: "TEXT"),
            Column(id: 4, name: "total", declaredType: "REAL", isGenerated: true),
        ],
        key: [0]
    )

    private func findings(_ columns: [String: PolicySetting], other: PolicySetting = .policy(.latest)) -> [Finding] {
        let settings = GroupTableSettings(name: schema.name, columns: columns, other: other)
        return GroupPolicies(settings, schema, kind: "sqlite").findings
    }

    @Test func `What fits is not mentioned`() {
        #expect(
            findings([
                "quantity": .policy(.counter), "tags": .policy(.expression("coalesce(max(current, incoming), base)")),
            ]).isEmpty
        )
    }

    @Test func `A column that is not there is named with the nearest`() throws {
        let finding = try #require(findings(["quantty": .policy(.counter)]).first)
        #expect(finding.severity == .error)
        #expect(finding.message == "`merge` names the column quantty, which the table has not")
        #expect(finding.remedy == "did you mean quantity?")
    }

    @Test func `A policy that does not fit is an error that says which would`() throws {
        let finding = try #require(findings(["tags": .policy(.counter)]).first)
        #expect(finding.severity == .error)
        #expect(finding.message == "tags is of type TEXT, and the policy counter needs a number")
        #expect(finding.remedy?.hasPrefix("write one that fits: set, map, text,") == true)
    }

    @Test func `A policy for all columns has to fit those that are not named`() {
        #expect(findings([:], other: .policy(.counter)).map(\.message).count == 1)
        #expect(findings(["tags": .policy(.set)], other: .policy(.counter)).isEmpty)
    }

    @Test func `The key and computed columns are not merged`() {
        #expect(findings(["id": .policy(.counter)]).map(\.severity) == [.warning])
        #expect(findings(["total": .policy(.counter)]).map(\.severity) == [.warning])
    }

    @Test(arguments: ["max(current, incomming)", "random()", "current +", "(SELECT 1)", "datetime('now')"])
    func `Expressions have to compile and to give the same each time`(expression: String) {
        let findings = findings(["quantity": .policy(.expression(expression))])
        #expect(findings.map(\.severity) == [.error])
        #expect(findings.first?.message.contains("does not compile") == true)
    }
}
