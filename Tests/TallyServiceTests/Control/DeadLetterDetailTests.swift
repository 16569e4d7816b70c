import Foundation
import Testing
import TallyModel
import TallyService

@Suite struct DeadLetterDetailTests {
    private func detail(_ values: [Value?]) -> DeadLetterDetail {
        let columns = values.indices.map { Column(id: $0, name: "c\($0)") }
        let letter = DeadLetter(
            id: 4,
            flow: "shop",
            schema: TableSchema(name: TableName("orders", schema: "s"), columns: columns, key: [0]),
            change: Change(.update, table: 0, row: Row(values), formerKey: Row([.integer(6)])),
            key: Row([values[0]]),
            reason: "no",
            position: Position(order: 9, detail: "secret detail"),
            firstSeen: Timestamp(microseconds: 1_500_999),
            lastSeen: Timestamp(microseconds: 2_000_000),
            changes: 2
        )
        return DeadLetterDetail(letter)
    }

    @Test func `The summary says where and why, and the detail has key, former key and columns`() {
        let detail = detail([.integer(7), .text("x")])
        #expect(detail.summary.table == "s.orders")
        #expect(detail.summary.operation == "update")
        #expect(detail.summary.position == "9")
        #expect(detail.summary.firstSeen.timeIntervalSince1970 == 1.5)
        #expect(detail.key == [DeadLetterDetail.Cell(column: "c0", value: "7")])
        #expect(detail.formerKey == [DeadLetterDetail.Cell(column: "c0", value: "6")])
        #expect(detail.columns == ["c0", "c1"])
        #expect(detail.withoutValues.values == nil)
        #expect(detail.withoutValues.key == detail.key)
    }

    @Test(
        arguments: [
            (nil, nil), (.null, "NULL"), (.boolean(true), "true"), (.integer(-7), "-7"), (.real(0.5), "0.5"),
            (.real(.infinity), "inf"), (.decimal("12.50"), "12.50"), (.text("it's"), "'it''s'"), (.text(""), "''"),
            (.bytes([0, 0x0f, 0xff]), "x'000fff'"), (.bytes([]), "x''"), (.date(days: 0), "date '1970-01-01'"),
            (.date(days: 11_016), "date '2000-02-29'"), (.date(days: -1), "date '1969-12-31'"),
            (.date(days: -719_529), "date '-0001-12-31'"),
            (.time(microseconds: 3_723_000_004), "time '01:02:03.000004'"),
            (.timestamp(microseconds: -1, isZoned: true), "timestamp '1969-12-31 23:59:59.999999Z'"),
            (.timestamp(microseconds: 86_400_000_000, isZoned: false), "timestamp '1970-01-02 00:00:00'"),
            (.uuid(high: 0x0123_4567_89ab_cdef, low: 1), "uuid '01234567-89ab-cdef-0000-000000000001'"),
            (.json("{}"), "'{}'"), (.array([.integer(1), .null]), "[1, NULL]"),
            (.other(OtherValue(typeName: "inet", bytes: Array("::1".utf8))), "inet '::1'"),
            (.other(OtherValue(typeName: "text", bytes: [0xff])), "text x'ff'"),
        ] as [(Value?, String?)]
    )
    func `A value reads as SQL writes it`(value: Value?, expected: String?) {
        #expect(detail([.integer(1), value]).values?[1].value == expected)
    }
}
