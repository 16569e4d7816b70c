import Testing
import TallyService

@Suite struct DeadLetterReportTests {
    private func text(_ lines: [Line]) -> String {
        lines.map(\.text).joined(separator: "\n")
    }

    @Test func `The list shows where and why, and no value`() {
        #expect(
            text(DeadLetterReport.lines(FakeNode.letters))
                == """
                ID  FLOW  TABLE   OPERATION  CHANGES  FIRST SEEN               LAST SEEN                POSITION
                 1  shop  orders  insert           3  2023-11-14 22:13:20 UTC  2023-11-14 22:13:21 UTC        42
                  CHECK constraint failed: «positive»
                 2  shop  orders  insert           3  2023-11-14 22:13:20 UTC  2023-11-14 22:13:21 UTC        42
                  CHECK constraint failed: «positive»

                2 dead letters.
                """
        )
        #expect(text(DeadLetterReport.lines([DeadLetterSummary]())) == "No dead letters.")
    }

    @Test func `One letter, without and with its values`() {
        var letter = FakeNode.detail
        letter.formerKey = [DeadLetterDetail.Cell(column: "id", value: "6")]
        #expect(
            text(DeadLetterReport.lines(letter.withoutValues))
                == """
                dead letter 1
                  flow        shop
                  table       orders
                  operation   insert
                  reason      CHECK constraint failed: «positive»
                  changes     3
                  first seen  2023-11-14 22:13:20 UTC
                  last seen   2023-11-14 22:13:21 UTC
                  position    42
                  key         id = 7
                  former key  id = 6
                  columns     id, note
                """
        )
        #expect(
            text(DeadLetterReport.lines(letter))
                == """
                dead letter 1
                  flow        shop
                  table       orders
                  operation   insert
                  reason      CHECK constraint failed: «positive»
                  changes     3
                  first seen  2023-11-14 22:13:20 UTC
                  last seen   2023-11-14 22:13:21 UTC
                  position    42
                  key         id = 7
                  former key  id = 6
                  values
                    id    7
                    note  the source did not say
                """
        )
    }

    @Test func `What became of letters`() {
        let mixed = LetterResult(settled: [1], refused: Array(2...30))
        #expect(
            text(DeadLetterReport.lines(mixed, verb: "taken by the target"))
                == """
                1 dead letter taken by the target.
                29 dead letters refused again: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, …
                """
        )
        #expect(text(DeadLetterReport.lines(LetterResult(), verb: "discarded")) == "No dead letters.")
    }
}
