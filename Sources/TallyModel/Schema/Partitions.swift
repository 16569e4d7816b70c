/// The parts of a table whose rows can come and go all at once, without a change of any of them being captured.
///
/// A part goes by a mark that another takes the place of when the part is emptied or made anew.
public struct Partitions: Sendable, Hashable, Codable {
    /// Whether each part, by its mark, may have held rows when it was looked at.
    private let occupancy: [String: Bool]

    public init(_ occupancy: [String: Bool]) {
        self.occupancy = occupancy
    }

    /// Whether the parts are the same; how full they are does not count.
    public func isSame(as other: Partitions) -> Bool {
        Set(occupancy.keys) == Set(other.occupancy.keys)
    }

    /// Why a table is not what its captured changes make of it, since it had the parts `former`; `nil` where it is.
    ///
    /// A part that was empty when it was first seen brought nothing: rows that it got since were captured.
    public func unseenChange(since former: Partitions) -> String? {
        if former.occupancy.keys.contains(where: { occupancy[$0] == nil }) {
            return "a partition was taken away, emptied or rewritten, which the log does not tell row by row"
        }
        let gained = occupancy.filter { former.occupancy[$0.key] == nil }
        return gained.values.contains(true)
            ? "a partition was attached that held rows, which the log does not tell row by row" : nil
    }
}
