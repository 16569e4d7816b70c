import TallyMerge
import TallyModel
import Testing

struct HybridClockTests {
    @Test func aWriteIsLaterThanAllItsAuthorHadSeen() {
        var generator = Generator(seed: 7)
        var seen: HybridTime?
        for _ in 0..<10_000 {
            let committed = Timestamp(microseconds: Int64(generator.below(1000)))
            let stamp = HybridClock.stamp(
                committed: committed,
                seen: seen,
                received: Timestamp(microseconds: 500),
                skew: .microseconds(100)
            )
            if let seen { #expect(stamp.time > seen) }
            #expect(stamp.time.microseconds <= 600)
            #expect(stamp.clamped == (committed.microseconds > 600 ? .microseconds(committed.microseconds - 600) : nil))
            seen = stamp.time
        }
    }

    @Test func twoWritesOfOneMomentAreToldApartByTheCount() {
        let moment = Timestamp(microseconds: 5)
        let seen = HybridTime(microseconds: 5)
        let (time, clamped) = HybridClock.stamp(committed: moment, seen: seen, received: moment, skew: .zero)
        #expect(time == HybridTime(microseconds: 5, counter: 1))
        #expect(clamped == nil)
    }

    @Test func aCountThatIsFullCarriesIntoTheMicroseconds() {
        let last = HybridTime(microseconds: 9, counter: .max)
        let (time, _) = HybridClock.stamp(
            committed: Timestamp(microseconds: 3),
            seen: last,
            received: Timestamp(microseconds: 3),
            skew: .zero
        )
        #expect(time == HybridTime(microseconds: 10, counter: 0))
        #expect(time > last)
    }

    @Test func theEndsOfTimeDoNotOverflow() {
        for committed in [Int64.min, 0, .max] {
            for received in [Int64.min, 0, .max] {
                for skew in [Duration.seconds(Int64.min), .zero, .seconds(Int64.max)] {
                    for seen in [nil, HybridTime(microseconds: .max, counter: .max)] {
                        let (time, clamped) = HybridClock.stamp(
                            committed: Timestamp(microseconds: committed),
                            seen: seen,
                            received: Timestamp(microseconds: received),
                            skew: skew
                        )
                        if let seen { #expect(time >= seen) }
                        if let clamped { #expect(clamped > .zero) }
                    }
                }
            }
        }
    }
}
