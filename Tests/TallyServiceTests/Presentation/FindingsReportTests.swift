import Testing
import TallyModel
import TallyService

@Suite struct FindingsReportTests {
    private let flows = [
        FlowFindings(
            flow: "shop-to-copy",
            from: "sqlite shop.db",
            to: "sqlite copy.db",
            findings: [
                Finding(.note, "2 tables will be created"),
                Finding(.warning, table: TableName("notes"), "has no declared key", remedy: "declare a primary key"),
                Finding(.error, table: TableName("v"), "is a view", remedy: "leave it out: `\"!v\"`"),
            ]
        ),
        FlowFindings(flow: "other", from: "sqlite a.db", to: "sqlite b.db", findings: []),
    ]

    @Test func `Errors come first, each with what to do`() {
        #expect(
            FindingsReport.lines(flows).map(\.text).joined(separator: "\n")
                == """
                shop-to-copy: sqlite shop.db → sqlite copy.db
                  error    v: is a view
                           to do: leave it out: `"!v"`
                  warning  notes: has no declared key
                           to do: declare a primary key
                  note     2 tables will be created

                other: sqlite a.db → sqlite b.db
                  nothing to mention

                2 flows: 1 error, 1 warning, 1 note
                """
        )
        #expect(FindingsReport.hasErrors(flows))
        #expect(!FindingsReport.hasErrors([flows[1]]))
    }

    @Test func `As JSON`() throws {
        let json = try FindingsReport.json(flows)
        #expect(
            json
                == """
                {
                  "flows" : [
                    {
                      "findings" : [
                        {
                          "message" : "is a view",
                          "remedy" : "leave it out: `\\"!v\\"`",
                          "severity" : "error",
                          "table" : "v"
                        },
                        {
                          "message" : "has no declared key",
                          "remedy" : "declare a primary key",
                          "severity" : "warning",
                          "table" : "notes"
                        },
                        {
                          "message" : "2 tables will be created",
                          "severity" : "note"
                        }
                      ],
                      "flow" : "shop-to-copy",
                      "source" : "sqlite shop.db",
                      "target" : "sqlite copy.db"
                    },
                    {
                      "findings" : [

                      ],
                      "flow" : "other",
                      "source" : "sqlite a.db",
                      "target" : "sqlite b.db"
                    }
                  ],
                  "groups" : [

                  ]
                }
                """
        )
    }
}
