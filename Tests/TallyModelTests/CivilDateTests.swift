import TallyModel
import Testing

@Suite struct CivilDateTests {
    @Test(arguments: [
        (0, 1970, 1, 1), (-1, 1969, 12, 31), (19_782, 2024, 2, 29), (-719_163, 0, 12, 31), (-719_162, 1, 1, 1),
        (2_932_896, 9999, 12, 31), (-719_528, 0, 1, 1), (-719_529, -1, 12, 31),
    ])
    func `A day number is a date of the Gregorian calendar, before its beginning too`(
        days: Int64,
        year: Int64,
        month: Int64,
        day: Int64
    ) {
        let date = CivilDate(days: days)
        #expect([date.year, date.month, date.day] == [year, month, day])
    }

    @Test func `A moment before 1970 has a time of day from 0 up`() {
        #expect(CivilDate.split(-1) == (-1, 86_399_999_999))
        #expect(CivilDate.split(-86_400_000_000) == (-1, 0))
        #expect(CivilDate.split(86_400_000_001) == (1, 1))
    }
}
