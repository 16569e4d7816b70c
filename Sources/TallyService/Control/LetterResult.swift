/// Which dead letters a person means.
struct LetterSelection: Sendable, Hashable, Codable {
    var ids: [Int64]?
    var flow: String?
}

/// What became of the dead letters that a person asked about.
package struct LetterResult: Sendable, Hashable, Codable {
    /// Gone: the target took them, or they were given up.
    package var settled: [Int64]
    /// Refused again; still parked.
    package var refused: [Int64]

    package init(settled: [Int64] = [], refused: [Int64] = []) {
        self.settled = settled
        self.refused = refused
    }
}
