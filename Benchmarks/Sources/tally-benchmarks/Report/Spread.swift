/// The median of some runs, and how far they lie apart.
struct Spread {
    let median: Double
    let least: Double
    let most: Double
    /// In the order of the runs.
    let all: [Double]

    init(_ values: [Double]) {
        all = values
        let sorted = values.sorted()
        median = sorted.isEmpty ? 0 : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        least = sorted.first ?? 0
        most = sorted.last ?? 0
    }
}
