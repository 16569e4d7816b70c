import Foundation
import Testing
import TallyService

@Suite struct HumaneTests {
    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1234, "-1,234")])
    func `Counts are grouped by thousands`(number: Int, expected: String) {
        #expect(Humane.count(number) == expected)
    }

    @Test(
        arguments: [
            (0, "0 ms"), (0.0001, "< 1 ms"), (0.0124, "12 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (1.25, "1.3 s"),
            (59.94, "59.9 s"), (59.96, "1 m 0 s"), (200, "3 m 20 s"), (3599.6, "1 h 0 m"), (7500, "2 h 5 m"),
            (275_400, "3 d 4 h"), (-1, "0 ms"), (.infinity, "ages"), (.nan, "ages"),
        ] as [(Double, String)]
    )
    func `Spans are told in one or two units`(seconds: Double, expected: String) {
        #expect(Humane.span(seconds: seconds) == expected)
    }

    @Test(
        arguments: [
            (0, "0/s"), (0.01, "0.1/s"), (3.44, "3.4/s"), (9.96, "10/s"), (84_000.4, "84,000/s"), (-3, "0/s"),
            (.nan, "?/s"),
        ] as [(Double, String)]
    )
    func `Rates show little as different from nothing`(rate: Double, expected: String) {
        #expect(Humane.rate(rate) == expected)
    }

    @Test(arguments: [(0, 10, "0 %"), (999, 1000, "99 %"), (10, 10, "100 %"), (12, 10, "100 %"), (0, 0, "100 %")])
    func `A percentage is full only when all is there`(part: Int, whole: Int, expected: String) {
        #expect(Humane.percent(part, of: whole) == expected)
    }

    @Test func `Moments are in UTC`() {
        #expect(Humane.moment(Date(timeIntervalSince1970: 1_700_000_000.9)) == "2023-11-14 22:13:20 UTC")
    }

    @Test func `What would steer a terminal is made visible`() {
        #expect(Humane.visible("a\u{1B}[31mb\nc\u{9B}d é 日") == "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}d é 日")
    }
}
