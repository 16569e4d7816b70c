package import TallyModel

/// Decides when the transactions applied so far are committed to the target.
///
/// While more of the stream is ready it pays to go on: a commit costs as much as many rows. When nothing more is ready,
/// whoever waits for the data should have it now.
package struct BatchPolicy {
    /// Enough work that a commit's cost no longer shows.
    package static let enough = ByteCount.mebibytes(4)

    private(set) var byteCount = 0
    private(set) var slices = 0

    package init() {}

    package var isOpen: Bool { slices > 0 }

    package mutating func applied(_ slice: Slice) {
        byteCount += slice.byteCount
        slices += 1
    }

    package func shouldCommit(atEnd isEnd: Bool, moreIsReady: Bool) -> Bool {
        isEnd && (!moreIsReady || byteCount >= Self.enough.bytes)
    }

    package mutating func committed() {
        self = BatchPolicy()
    }
}
