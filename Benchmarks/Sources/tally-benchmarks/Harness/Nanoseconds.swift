import Foundation

/// The monotonic clock.
enum Nanoseconds {
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    static func sleep(until deadline: UInt64) {
        let now = now
        if deadline > now { usleep(UInt32((deadline - now) / 1000)) }
    }
}
