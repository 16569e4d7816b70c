import TallyPostgres
import Testing

struct ReadingPaceTests {
    private var pace = ReadingPace(mayRestLong: true)

    @Test("Looks for what comes at once now and then, and before every rest where there was some the last time")
    mutating func looks() {
        func rests(_ pace: inout ReadingPace) -> Int {
            var count = 1
            while !pace.looksForMore() { count += 1 }
            return count
        }
        #expect(rests(&pace) == 32)
        pace.looked(false)
        #expect(rests(&pace) == 32)
        // Two pieces more, and then a rest: the next one is looked before as well.
        for isMore in [true, true, false] {
            pace.looked(isMore)
            #expect(rests(&pace) == 1)
        }
        pace.looked(false)
        #expect(rests(&pace) == 32)
    }

    @Test("Rests the longer the later the stream is, within bounds; not long where the server does not write meanwhile")
    func length() {
        #expect(pace.rest(late: .zero) == .microseconds(400))
        #expect(pace.rest(late: .milliseconds(32)) == .milliseconds(2))
        #expect(pace.rest(late: .seconds(60)) == .milliseconds(10))
        #expect(ReadingPace(mayRestLong: false).rest(late: .seconds(60)) == .microseconds(400))
    }
}
