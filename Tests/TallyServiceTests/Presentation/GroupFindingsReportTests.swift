import TallyModel
import TallyService
import Testing

@Suite struct GroupFindingsReportTests {
    private let groups = [
        GroupFindings(
            group: "carts",
            members: [("eu", "eu (/eu.db)"), ("us", "us (/us.db)"), ("edge", "edge (/edge.db)")],
            found: [
                ("eu", Finding(.note, table: TableName("items"), "3 triggers")),
                ("us", Finding(.note, table: TableName("items"), "3 triggers")),
                ("edge", Finding(.note, table: TableName("items"), "3 triggers")),
                ("us", Finding(.warning, table: TableName("items"), "lacks a", remedy: "add it")),
                ("edge", Finding(.warning, table: TableName("items"), "lacks a", remedy: "add it")),
                (nil, Finding(.error, "flow f makes a loop")),
            ]
        )
    ]

    @Test func `What is said of several members stands once`() {
        #expect(
            FindingsReport.lines([], groups).map(\.text).joined(separator: "\n")
                == """
                carts: group of eu (/eu.db), us (/us.db), edge (/edge.db)
                  error    flow f makes a loop
                  warning  us, edge: items: lacks a
                           to do: add it
                  note     every member: items: 3 triggers

                1 group: 1 error, 1 warning, 1 note
                """
        )
        #expect(FindingsReport.hasErrors([], groups))
    }

    @Test func `As JSON`() throws {
        let json = try FindingsReport.json([], groups)
        #expect(json.contains(#""message" : "lacks a""#))
        #expect(json.contains(#""label" : "edge (/edge.db)""#))
        #expect(json.contains(#""group" : "carts""#))
    }
}
