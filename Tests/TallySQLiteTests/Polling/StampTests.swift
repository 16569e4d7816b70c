import Testing
import TallyModel
import TallySQLite

@Suite("Stamps", .timeLimit(.minutes(15)))
struct StampTests {
    private static let moment: Int64 = 1_795_255_200_000_000

    @Test(
        "every usual way to write a point in time is understood",
        arguments: [
            (Value.text("2026-11-21 10:00:00"), moment),
            (.text("2026-11-21T10:00:00"), moment),
            (.text("2026-11-21 10:00"), moment),
            (.text("2026-11-21"), moment - 36_000_000_000),
            (.text("2026-11-21 10:00:00.25"), moment + 250_000),
            (.text("2026-11-21T10:00:00.123456789Z"), moment + 123_456),
            (.text("2026-11-21T12:00:00+02:00"), moment),
            (.text("2026-11-21T12:00:00+0200"), moment),
            (.text("2026-11-21 05:30:00-04:30"), moment),
            (.text("1969-12-31 23:59:59"), -1_000_000),
            (.text("2000-02-29 00:00:00"), 951_782_400_000_000),
            (.text("0000-03-01"), -62_162_035_200_000_000),
            (.integer(1_795_255_200), moment),
            (.integer(1_795_255_200_000), moment),
            (.integer(1_795_255_200_000_000), moment),
            (.integer(1_795_255_200_000_000_000), moment),
            (.real(1_795_255_200.5), moment + 500_000),
            (.real(1_795_255_200_000), moment),
            (.real(2_461_365.9166666665), moment),
            (.integer(2_461_366), moment + 7_200_000_000),
        ]
    )
    func understands(value: Value, moment: Int64) throws {
        let stamp = try #require(Stamp(value))
        // A Julian day has a precision of some ten microseconds.
        #expect(abs(stamp.moment - moment) < 50)
    }

    @Test(
        "what is no point in time is not taken for one",
        arguments: [
            Value.null, .text(""), .text("1795255200"), .text("yesterday"), .text("2026-13-01"), .text("2026-11-32"),
            .text("2026-11-21 10"), .text("2026-11-21 10:00:00 CET"), .text("21.11.2026"), .bytes([1]),
            .real(.infinity), .text("2026-11-21 10:00:00+99:00"), .text("２０２６-11-21"),
        ]
    )
    func refuses(value: Value) {
        #expect(Stamp(value) == nil)
    }

    @Test(
        "a bound is written in the form of the mark, and sorts before all that is not earlier",
        arguments: [
            (Value.text("2026-11-21 10:00:00"), Value.text("2026-11-21 09:59:50")),
            (.text("2026-11-21T10:00:00.75Z"), .text("2026-11-21T09:59:50")),
            (.text("2026-11-21 10:00"), .text("2026-11-21 09:59")),
            (.text("2026-11-21"), .text("2026-11-20")),
            (.text("2026-11-21T10:00:00+01:00"), .text("2026-11-20T20:59:50")),
            (.integer(1_795_255_200), .integer(1_795_255_190)),
            (.integer(1_795_255_200_000), .integer(1_795_255_190_000)),
            (.integer(1_795_255_200_000_000), .integer(1_795_255_190_000_000)),
            (.real(1_795_255_200.25), .real(1_795_255_190.25)),
        ]
    )
    func bounds(mark: Value, bound: Value) throws {
        let stamp = try #require(Stamp(mark))
        #expect(stamp.bound(at: stamp.moment - 10_000_000) == bound)
        let boundary = try #require(Stamp(bound))
        #expect(stamp.reach(at: stamp.moment - 10_000_000) <= boundary.moment)
    }
}
