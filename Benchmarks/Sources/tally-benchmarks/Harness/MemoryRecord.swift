/// The highest resident memory of Tally's process, by what it was doing.
final class MemoryRecord {
    /// What has a bound of its own.
    enum Kind: String, CaseIterable {
        case flows = "flows between SQLite files"
        case postgresFlows = "flows between PostgreSQL databases"
        case groups

        /// In megabytes.
        var bound: Double {
            switch self {
            case .flows: 100
            case .postgresFlows: 150
            case .groups: 200
            }
        }
    }

    /// In the order in which they were first seen, in bytes.
    private(set) var peaks: [(label: String, bytes: Int, kind: Kind)] = []

    func record(_ bytes: Int, _ label: String, of kind: Kind = .flows) {
        if let index = peaks.firstIndex(where: { $0.label == label }) {
            peaks[index].bytes = max(peaks[index].bytes, bytes)
        } else {
            peaks.append((label, bytes, kind))
        }
    }

    var findings: [Finding] {
        Kind.allCases.compactMap { kind in
            let megabytes = peaks.filter { $0.kind == kind }.map { Double($0.bytes) / 1_000_000 }
            guard let most = megabytes.max() else { return nil }
            return Finding(
                "resident memory of \(kind.rawValue), the most of all runs",
                values: Spread([most]),
                unit: "MB",
                aim: .below(kind.bound)
            )
        }
    }
}
