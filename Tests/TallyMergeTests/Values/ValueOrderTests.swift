import TallyMerge
import TallyModel
import Testing

struct ValueOrderTests {
    @Test func kindsComeInTheDocumentedOrder() {
        let ascending: [Value] = [
            .null, .boolean(false), .boolean(true), .real(-.infinity), .integer(-3), .real(-2.5), .decimal("-2.4"),
            .integer(0), .decimal("0.1"), .real(0.1), .decimal("0.11"), .integer(.max),
            .decimal("9223372036854775808.5"),
            .real(1e300), .decimal("Infinity"), .real(.nan),
            .other(OtherValue(typeName: "timestamp with time zone", bytes: Array("-infinity".utf8))), .date(days: 0),
            .time(microseconds: 0),
            .timestamp(microseconds: 5, isZoned: false), .timestamp(microseconds: 5, isZoned: true),
            .other(OtherValue(typeName: "timestamp with time zone", bytes: Array("infinity".utf8))),
            .interval(Interval(months: 0, days: 29, microseconds: 0)),
            .interval(Interval(months: 1, days: 0, microseconds: 0)),
            .uuid(high: 1, low: 2), .text(""), .text("Z"), .text("a"), .text("é"), .bytes([1]), .json("{}"),
            .array([.integer(1)]), .array([.integer(1), .null]), .array([.integer(2)]),
            .other(OtherValue(typeName: "point", bytes: [])),
        ]
        for (index, left) in ascending.enumerated() {
            for (other, right) in ascending.enumerated() {
                #expect(ValueOrder.compare(left, right).signum() == (index - other).signum(), "\(left) and \(right)")
            }
        }
    }

    @Test(arguments: [
        (Value.integer(5), Value.real(5)), (.integer(5), .decimal("5.00")), (.real(0.5), .decimal("0.5")),
        (.real(0.0), .real(-0.0)), (.real(.nan), .decimal("NaN")),
        (.real(.leastNonzeroMagnitude * 0), .decimal("-0.0")),
    ])
    func numbersAreEqualWhateverTheirKind(left: Value, right: Value) {
        #expect(ValueOrder.compare(left, right) == 0)
        #expect(ValueOrder.compare(right, left) == 0)
    }
}
