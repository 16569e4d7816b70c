import TallyModel
import Testing

struct PositionTests {
    @Test(arguments: [
        Position(order: 0), Position(order: .max), Position(order: 7, detail: "a1 b2"), Position(order: 7, detail: " "),
    ])
    func aPositionReadsBackFromItsText(position: Position) {
        #expect(Position(encoded: position.encoded) == position)
    }

    @Test(arguments: ["", " ", "x", "-1", "18446744073709551616", "1.5", " 1"])
    func otherTextIsNoPosition(text: String) {
        #expect(Position(encoded: text) == nil)
    }

    @Test func orderAloneDecidesWhichIsLater() {
        #expect(Position(order: 1, detail: "z") < Position(order: 2, detail: "a"))
        #expect(!(Position(order: 1, detail: "a") < Position(order: 1, detail: "b")))
    }
}
