import Foundation
import TallyEngine

/// What the demonstration prints: plain lines, and one block that a terminal shows changing in place.
struct DemoScreen {
    let isTerminal: Bool
    private let usesColour: Bool
    /// How many lines of the block are on the terminal now.
    private var drawn = 0
    /// Without a terminal: when the last line about progress was printed.
    private var lastLine: ContinuousClock.Instant?

    init(environment: [String: String]) {
        isTerminal = isatty(STDOUT_FILENO) == 1
        usesColour = isTerminal && environment["NO_COLOR"] == nil
    }

    func say(_ text: String = "") {
        print(text)
        // All streams: a child of ours may share the terminal.
        fflush(nil)
    }

    func heading(_ text: String) {
        say(usesColour ? "\n\u{1b}[1m\(text)\u{1b}[0m" : "\n\(text)")
    }

    /// A step that is done, with a few words about it.
    func step(_ name: String, _ detail: String) {
        say("  \(Self.left(name, 12)) \(detail)")
    }

    // MARK: Progress

    /// Shows where a flow is: over the last such block on a terminal, elsewhere as a line each second.
    mutating func show(_ status: FlowStatus, written: Int) {
        guard isTerminal else {
            let now = ContinuousClock.now
            if let lastLine, now - lastLine < .seconds(1) { return }
            lastLine = now
            return say("  " + Self.summary(of: status, written: written))
        }
        let lines = Self.block(status, written: written)
        let up = drawn > 0 ? "\u{1b}[\(drawn)A" : ""
        say(up + lines.map { "\r\($0)\u{1b}[K" }.joined(separator: "\n"))
        drawn = lines.count
    }

    /// Leaves the block where it is.
    mutating func endProgress(_ status: FlowStatus, written: Int) {
        lastLine = nil
        show(status, written: written)
        drawn = 0
    }

    static func block(_ status: FlowStatus, written: Int) -> [String] {
        let head =
            "  " + left("table", 12) + left("phase", 12) + left("loaded", 34) + right("inserts", 9)
            + right("updates", 9) + right("deletes", 9)
        let rows = status.tables.map { table in
            let share = table.rowsTotal.map { $0 == 0 ? 1 : min(1, Double(table.rowsLoaded) / Double($0)) } ?? 0
            let bar = String(repeating: "█", count: Int(share * 20)) + String(repeating: "░", count: 20 - Int(share * 20))
            return "  " + left(table.table, 12) + left(words(table.phase), 12) + bar + right(grouped(table.rowsLoaded), 9)
                + "     " + right(grouped(table.inserts), 9) + right(grouped(table.updates), 9)
                + right(grouped(table.deletes), 9)
        }
        return [head] + rows + ["", "  " + summary(of: status, written: written)]
    }

    static func summary(of status: FlowStatus, written: Int) -> String {
        let loaded = status.tables.reduce(0) { $0 + $1.rowsLoaded }
        let lag = status.lagSeconds.map { "lag \(milliseconds($0))" } ?? "lag –"
        let worst = status.worstLagSeconds.map { " (worst \(milliseconds($0)))" } ?? ""
        return "\(left(status.phase.rawValue, 8)) \(grouped(loaded)) rows loaded · \(lag)\(worst) · "
            + "shop: \(grouped(written)) transactions · copied: \(grouped(status.changes)) changes"
    }

    // MARK: Proof

    func show(_ questions: [DemoProof.Question]) {
        let width = (questions.map(\.sql.count).max() ?? 0) + 2
        say("  " + Self.left("", width) + Self.right("shop.db", 14) + Self.right("copy.db", 14))
        for question in questions {
            say(
                "  " + Self.left(question.sql, width) + Self.right(question.source, 14) + Self.right(question.target, 14)
                    + "  " + mark(question.isAgreed)
            )
        }
    }

    func show(_ comparisons: [DemoProof.Comparison]) {
        let width = (comparisons.map(\.sql.count).max() ?? 0) + 2
        say("  " + Self.left("ATTACH 'copy.db' AS copy;", width) + Self.right("rows", 6) + Self.right("vice versa", 13))
        for comparison in comparisons {
            say(
                "  " + Self.left(comparison.sql, width) + Self.right(String(comparison.onlyInSource), 6)
                    + Self.right(String(comparison.onlyInTarget), 13) + "  " + mark(comparison.isAgreed)
            )
        }
    }

    private func mark(_ isGood: Bool) -> String {
        let mark = isGood ? "✓" : "✗"
        return usesColour ? "\u{1b}[\(isGood ? 32 : 31)m\(mark)\u{1b}[0m" : mark
    }

    // MARK: Text

    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    static func grouped(_ number: Int) -> String {
        var digits = String(number.magnitude)[...]
        var groups: [Substring] = []
        while !digits.isEmpty {
            groups.insert(digits.suffix(3), at: 0)
            digits = digits.dropLast(3)
        }
        return (number < 0 ? "-" : "") + groups.joined(separator: ",")
    }

    static func milliseconds(_ seconds: Double) -> String {
        seconds < 1 ? "\(Int((seconds * 1000).rounded())) ms" : "\((seconds * 10).rounded() / 10) s"
    }

    private static func words(_ phase: TableStatus.Phase) -> String {
        phase == .catchingUp ? "catching up" : phase.rawValue
    }
}
