import TallyModel
import TallyService
import Testing

@Suite struct GroupTableFitTests {
    private func table(_ columns: [Column], key: [Int] = [0]) -> TableSchema {
        TableSchema(name: TableName("items"), columns: columns, key: key)
    }

    private func column(
        _ name: String,
        _ type: String = "TEXT",
        isNullable: Bool = true,
        default expression: String? = nil
    ) -> Column {
        Column(id: 0, name: name, declaredType: type, isNullable: isNullable, defaultExpression: expression)
    }

    private func findings(_ seed: [Column], _ member: [Column], kind: String = "sqlite") -> [Finding] {
        GroupTableFit((table(seed), kind: "sqlite"), seed: "eu", member: (table(member), kind: kind)).findings
    }

    @Test func `Equal tables fit, in whatever order their columns are`() {
        #expect(findings([column("id"), column("a"), column("b")], [column("id"), column("b"), column("a")]).isEmpty)
    }

    @Test func `Columns that differ are named and left out`() {
        let findings = findings([column("id"), column("a"), column("b")], [column("id"), column("b"), column("c")])
        #expect(findings.map(\.severity) == [.warning, .warning])
        #expect(findings[0].message.hasPrefix("the table lacks a: that is left out here"))
        #expect(findings[1].message.hasPrefix("eu has no c: that is not part of the group"))
    }

    @Test func `A column that no row of the group fills is an error`() {
        let strict = column("c", isNullable: false)
        #expect(findings([column("id")], [column("id"), strict]).map(\.severity) == [.error])
        let filled = column("c", isNullable: false, default: "0")
        #expect(findings([column("id")], [column("id"), filled]).map(\.severity) == [.warning])
    }

    @Test func `A stricter column is a warning, and the key is none`() {
        let member = [column("id", isNullable: false), column("a", isNullable: false)]
        let findings = findings([column("id"), column("a")], member)
        #expect(findings.map(\.message) == ["a may be NULL in eu and not here; such rows are refused"])
    }

    @Test func `Types are compared within one kind of store`() {
        let (seed, member) = ([column("id"), column("a", "INTEGER")], [column("id"), column("a", "TEXT")])
        #expect(findings(seed, member).map(\.severity) == [.warning])
        #expect(findings(seed, member, kind: "postgres").isEmpty)
    }

    @Test func `Another key is an error that names both`() {
        let seed = table([column("id"), column("line")], key: [0, 1])
        let member = table([column("id"), column("line")], key: [0])
        let findings = GroupTableFit((seed, kind: "sqlite"), seed: "eu", member: (member, kind: "sqlite")).findings
        #expect(findings.map(\.severity) == [.error])
        #expect(findings[0].message.hasPrefix("the table has the key (id), and in eu it has (id, line)"))
        let turned = table([column("line"), column("id")], key: [0, 1])
        #expect(GroupTableFit((seed, kind: "sqlite"), seed: "eu", member: (turned, kind: "sqlite")).findings.isEmpty)
    }

    @Test func `A hidden key is an error`() {
        var hidden = column("rowid", "INTEGER")
        hidden.isHidden = true
        let member = TableSchema(name: TableName("items"), columns: [column("id"), hidden], key: [1])
        let findings = GroupTableFit(
            (table([column("id")]), kind: "sqlite"),
            seed: "eu",
            member: (member, kind: "sqlite")
        )
        .findings
        #expect(findings.map(\.severity) == [.error])
        #expect(findings[0].message.hasPrefix("the table declares no key"))
    }
}
