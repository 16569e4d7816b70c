import TallyModel

/// The clock of a server: its times decide which of two writes is the later.
enum ServerClock {
    /// How far it is ahead of `now`, to about half the time that the answer takes; `nil` where it does not say.
    static func offset(of connection: PostgresConnection, from now: WallClock) throws -> Duration? {
        let before = now()
        let answer = try connection.query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8")
        let after = now()
        guard let there = answer.integer(0, 0) else { return nil }
        let here = before.microseconds + (after.microseconds - before.microseconds) / 2
        return .microseconds(Int64(there) - here)
    }
}
