import TallyModel
import Testing

struct PartitionsTests {
    private let former = Partitions(["1:10": true, "2:20": false])

    @Test
    func partsThatAreGoneOrHaveAnotherMarkWereNotSeenToChange() {
        #expect(Partitions(["1:10": true]).unseenChange(since: former) != nil)
        #expect(Partitions(["1:11": false, "2:20": false]).unseenChange(since: former) != nil)
    }

    @Test
    func aPartThatIsNewCountsWhereItHeldRows() {
        #expect(Partitions(["1:10": true, "2:20": false, "3:30": true]).unseenChange(since: former) != nil)
        #expect(Partitions(["1:10": true, "2:20": false, "3:30": false]).unseenChange(since: former) == nil)
    }

    @Test
    func howFullPartsAreIsNoChange() {
        let fuller = Partitions(["1:10": false, "2:20": true])
        #expect(fuller.unseenChange(since: former) == nil)
        #expect(fuller.isSame(as: former))
    }
}
