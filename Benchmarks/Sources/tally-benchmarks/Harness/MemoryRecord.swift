/// The highest resident memory of Tally's process, by what it was doing.
final class MemoryRecord {
    /// In the order in which they were first seen, in bytes.
    private(set) var peaks: [(label: String, bytes: Int)] = []

    func record(_ bytes: Int, _ label: String) {
        if let index = peaks.firstIndex(where: { $0.label == label }) {
            peaks[index].bytes = max(peaks[index].bytes, bytes)
        } else {
            peaks.append((label, bytes))
        }
    }

    var findings: [Finding] {
        guard !peaks.isEmpty else { return [] }
        let megabytes = peaks.map { Double($0.bytes) / 1_000_000 }
        return [
            Finding(
                "resident memory, the most of all runs",
                values: Spread([megabytes.max() ?? 0]),
                unit: "MB",
                aim: .below(100)
            )
        ]
    }
}
