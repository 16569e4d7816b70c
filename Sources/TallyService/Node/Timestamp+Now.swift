import Foundation
import TallyModel

extension Timestamp {
    /// What the system's clock says.
    @Sendable
    static func now() -> Timestamp {
        Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }
}
