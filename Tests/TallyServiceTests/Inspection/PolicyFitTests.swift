import TallyGroup
import TallyMerge
import TallyModel
import TallyService
import Testing

@Suite struct PolicyFitTests {
    private func family(_ type: String, _ kind: String) -> ValueFamily {
        ValueFamily(of: Column(id: 1, name: "c", declaredType: type), kind: kind)
    }

    @Test(arguments: [
        ("INTEGER", ValueFamily.number), ("decimal(10,2)", .number), ("double precision", .number),
        ("VARCHAR(20)", .text),
        ("TEXT", .text), ("JSON", .json), ("boolean", .boolean), ("DATETIME", .moment), ("BLOB", .bytes),
        ("", .anything),
        ("ANY", .anything), ("uuid", .other),
    ])
    func `What SQLite's words for types say`(type: String, expected: ValueFamily) {
        #expect(family(type, "sqlite") == expected)
    }

    @Test(arguments: [
        ("numeric(12,2)", ValueFamily.number), ("bigint", .number), ("double precision", .number),
        ("character varying(20)", .text), ("text", .text), ("text[]", .array), ("numeric(4,1)[]", .array),
        ("jsonb", .json),
        ("boolean", .boolean), ("timestamp(3) with time zone", .moment), ("time without time zone", .moment),
        ("date", .moment), ("bytea", .bytes), ("shop.mood", .other), ("inet", .other),
    ])
    func `What PostgreSQL's types say`(type: String, expected: ValueFamily) {
        #expect(family(type, "postgres") == expected)
    }

    @Test(arguments: [
        (ColumnPolicy.counter, [ValueFamily.number, .anything]), (.set, [.array, .json, .text, .anything]),
        (.map, [.json, .text, .anything]), (.text, [.text, .anything]),
        (.greatest, [.number, .text, .array, .boolean, .moment, .bytes, .anything, .other]),
        (.latest, ValueFamily.allCases), (.manual, ValueFamily.allCases),
        (.expression("current"), ValueFamily.allCases),
    ])
    func `A policy fits what it can merge`(policy: ColumnPolicy, fitting: [ValueFamily]) {
        for family in ValueFamily.allCases {
            #expect((PolicyFit(.policy(policy), family).problem == nil) == fitting.contains(family), "\(family)")
        }
    }

    @Test func `What would fit is named`() {
        #expect(PolicyFit(.policy(.counter), .text).problem == "the policy counter needs a number")
        #expect(
            PolicyFit.fitting(.text) == [
                "set", "map", "text", "greatest", "least", "latest", "earliest", "prefer", "manual",
            ]
        )
        #expect(PolicyFit.fitting(.json) == ["set", "map", "latest", "earliest", "prefer", "manual"])
    }

    @Test func `Members by preference fit everything`() {
        #expect(PolicyFit(.prefer(["eu"]), .json).problem == nil)
    }
}
