import Testing
import TallyModel
import TallyService

@Suite struct FindingsReportTests {
    private let flows = [
        FlowFindings(
            flow: "shop-to-copy",
            source: "sqlite shop.db",
            target: "sqlite copy.db",
            findings: [
                Finding(.note, "2 tables will be created"),
                Finding(.warning, table: TableName("notes"), "has no declared key", remedy: "declare a primary key"),
                Finding(.error, table: TableName("v"), "is a view", remedy: "leave it out: `\"!v\"`"),
            ]
        ),
        FlowFindings(flow: "other", source: "sqlite a.db", target: "sqlite b.db", findings: []),
    ]

    @Test func `Errors come first, each with what to do`() {
        #expect(FindingsReport.lines(flows).map(\.text).joined(separator: "\n") == "")
        #expect(FindingsReport.hasErrors(flows))
        #expect(!FindingsReport.hasErrors([flows[1]]))
    }

    @Test func `As JSON`() throws {
        let json = try FindingsReport.json(flows)
        #expect(json == "")
    }
}
