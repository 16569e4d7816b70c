import TallyEngine
import TallyModel
import Testing

struct SweepMarksTests {
    private let items = Samples.items.name

    private func position(_ order: UInt64) -> Position { Position(order: order) }

    @Test func aTableThatAnOlderPollWritesToIsSweptAgain() {
        var marks = SweepMarks()
        marks.swept(items, asOf: position(10))
        #expect(marks.passed(by: Samples.slice([Samples.update(1, 1)], end: 9)) == [items])
        #expect(marks.passed(by: Samples.slice([Samples.update(1, 1)], end: 9)) == [items])
    }

    @Test func whatThePollAfterTheSweepBringsIsRight() {
        var marks = SweepMarks()
        marks.swept(items, asOf: position(10))
        #expect(marks.passed(by: Samples.slice([], end: 9)).isEmpty, "a poll that found nothing")
        #expect(marks.passed(by: Samples.slice([Samples.update(1, 1)], end: 10)).isEmpty)
        #expect(
            marks.passed(by: Samples.slice([Samples.update(1, 1)], end: 9)).isEmpty,
            "the stream has passed the sweep"
        )
    }

    @Test func aPollInSeveralSlicesIsJudgedByItsEnd() {
        var marks = SweepMarks()
        marks.swept(items, asOf: position(10))
        #expect(marks.passed(by: Samples.slice([Samples.update(1, 1)], end: nil)).isEmpty)
        #expect(marks.passed(by: Samples.slice([], end: 8)) == [items])
        #expect(marks.passed(by: Samples.slice([Samples.update(1, 1)], end: nil)).isEmpty)
        #expect(marks.passed(by: Samples.slice([], end: 10)).isEmpty)
    }
}
