import Foundation
import Testing
import TallyService

@Suite struct ConflictReportTests {
    private func text(_ lines: [Line]) -> String { lines.map(\.text).joined(separator: "\n") }

    @Test func `The list shows who wrote what, and what became of it`() {
        #expect(
            text(ConflictReport.lines([ConflictSamples.update, ConflictSamples.delete]))
                == """
                ID  GROUP  TABLE  KEY     COLUMN    POLICY        STATE     WRITTEN
                 3  carts  items  id = 1  quantity  latest        resolved  2023-11-14 22:13:22 UTC
                  eu wrote 7, us wrote 8: it became 8
                 4  carts  items  id = 1  the row   delete: wins  waiting   2023-11-14 22:13:23 UTC
                  eu deleted it: the row is gone

                2 conflicts, 1 waiting for a person.
                """
        )
        #expect(text(ConflictReport.lines([ConflictDetail]())) == "No conflicts.")
    }

    @Test func `One conflict with all that is known of it`() {
        #expect(
            text(ConflictReport.lines(ConflictSamples.update))
                == """
                conflict 3 in group carts
                  table     items
                  key       id = 1
                  column    quantity
                  policy    latest
                  state     resolved
                  arose     with entry 12 of the ledger
                  base      10

                  MEMBER  WRITTEN                  ENTRY  HAD SEEN  OPERATION  CHANGED
                  eu      2023-11-14 22:13:21 UTC     11         5  update     quantity: 10 → 7
                  us      2023-11-14 22:13:22 UTC     12         6  update     quantity: 10 → 8, note = 'a, b'  stands

                  result    8
                  row       id = 1, quantity = 8
                """
        )
    }

    @Test func `A decision says what was decided and when members get it`() {
        var decided = ConflictSamples.update
        decided.state = "undone"
        decided.decision = "kept eu"
        #expect(
            ConflictReport.lines([decided])[2].text == "  eu wrote 7, us wrote 8: it became 8; undone: kept eu"
        )
        #expect(
            text(ConflictReport.lines(decided: decided, isOffline: true))
                == "Conflict 3 is undone: kept eu.\nThe members get it with the next `tally run`."
        )
    }

    @Test func `Comma-separated values, quoted where they have to be`() {
        #expect(
            ConflictExport.csv([ConflictSamples.update])
                == "id,group,table,key,column,policy,state,at,sequence,base,versions,stands,result,decided_at,decision\r\n"
                + "3,carts,items,id = 1,quantity,latest,resolved,2023-11-14T22:13:22.250Z,12,10,"
                + "\"eu: update quantity: 10 → 7; us: update quantity: 10 → 8, note = 'a, b'\",us,8,,\r\n"
        )
    }

    @Test func `Every version of a row`() {
        #expect(
            text(HistoryReport.lines(ConflictSamples.history))
                == """
                items id = 1 in group carts

                ENTRY  AUTHOR  COMMITTED                HAD SEEN   OPERATION  CHANGED
                    1  eu      2023-11-14 22:13:20 UTC  nothing    insert     id = 1, quantity = 10
                  → id = 1, quantity = 10
                   12  us      2023-11-14 22:13:22 UTC  6, not 11  delete
                  → gone
                  conflict 3: `tally conflicts show`

                2 versions.
                """
        )
    }

    @Test func `What other policies would make of it`() {
        func item(_ conflict: Int64?, _ then: String, clashes: Bool, waits: Bool = false) -> SimulationDetail.Item {
            SimulationDetail.Item(
                group: "carts",
                conflict: conflict,
                sequence: 12,
                at: nil,
                table: "items",
                key: ConflictSamples.key,
                column: "quantity",
                now: "8",
                then: then,
                differs: then != "8",
                clashes: clashes,
                waits: waits
            )
        }
        let items = [
            item(3, "5", clashes: false), item(4, "8", clashes: true, waits: true), item(5, "8", clashes: true),
            item(nil, "7", clashes: true),
        ]
        #expect(
            text(SimulationReport.lines(SimulationDetail(items: items, writes: 1200)))
                == """
                CONFLICT  ENTRY  TABLE  KEY     COLUMN    IS  WOULD BE
                       3     12  items  id = 1  quantity  8   5         would be no conflict
                       4     12  items  id = 1  quantity  8   8         would wait for a person
                       5     12  items  id = 1  quantity  8   8         the same
                             12  items  id = 1  quantity  8   7         would be a conflict

                1,200 concurrent writes evaluated again; 3 conflicts on record:
                  1 would come out otherwise
                  1 would be no conflict
                  1 would wait for a person
                  1 more would arise
                Nothing was changed.
                """
        )
    }

    @Test func `A beginning in time is so long ago, a date or a moment`() {
        let now = Date(timeIntervalSince1970: 1_700_000_000)
        #expect(Since.moment("7d", now: now) == now.addingTimeInterval(-7 * 86_400))
        #expect(Since.moment("2024-02-29") == Date(timeIntervalSince1970: 1_709_164_800))
        #expect(Since.moment("2024-02-29T00:00:01") == Date(timeIntervalSince1970: 1_709_164_801))
        #expect(Since.moment("2024-02-29T00:00:01.5Z") == Date(timeIntervalSince1970: 1_709_164_801.5))
        #expect(Since.moment("yesterday") == nil)
    }
}
