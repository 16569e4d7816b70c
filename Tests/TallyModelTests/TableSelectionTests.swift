import TallyModel
import Testing

struct TableSelectionTests {
    @Test(arguments: [
        (["*"], "orders", true), (["order?"], "orders", true), (["order?"], "order", false), (["*s"], "orders", true),
        (["o*r*s"], "orders", true), (["orders"], "Orders", false), (["customers"], "orders", false),
        (["*", "!audit_*"], "audit_log", false), (["*", "!audit_*"], "orders", true), (["!audit_*"], "orders", true),
        (["!audit_*"], "audit_log", false), (["!*", "orders"], "orders", false), ([], "orders", true),
        (["*né*"], "journées", true),
    ])
    func aPatternTakesTheTablesItDescribes(patterns: [String], table: String, isTaken: Bool) {
        #expect(TableSelection(patterns).contains(TableName(table)) == isTaken)
    }

    @Test func aPatternWithoutASchemaMeansTheDefaultOne() {
        #expect(!TableSelection(["orders"]).contains(TableName("orders", schema: "sales")))
        #expect(!TableSelection(["*"]).contains(TableName("orders", schema: "sales")))
        #expect(TableSelection(["*.*"]).contains(TableName("orders", schema: "sales")))
        #expect(TableSelection(["sales.orders"]).contains(TableName("orders", schema: "sales")))
        #expect(TableSelection(["sales.*"]).contains(TableName("orders", schema: "sales")))
    }

    @Test func patternsThatMatchNothingAreNamed() {
        let selection = TableSelection(["orders", "custmers", "!nothing"])
        #expect(selection.unmatched(in: [TableName("orders"), TableName("customers")]) == ["custmers"])
    }
}
