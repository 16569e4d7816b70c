import TallyEngine

/// What the demonstration prints: plain lines, and one block that a terminal shows changing in place.
struct DemoScreen {
    private let console = Console.output
    /// Without a terminal: when the last line about progress was printed.
    private var lastLine: ContinuousClock.Instant?

    func say(_ line: Line) {
        console.write(line)
    }

    func heading(_ text: String) {
        console.write([Line(""), Line(text, .strong)])
    }

    /// A step that is done, with a few words about it.
    func step(_ name: String, _ detail: String) {
        say(Line("  ") + Line(name).padded(to: 12) + Line(detail))
    }

    // MARK: Progress

    /// Shows where a flow is: over the last such block on a terminal, elsewhere as a line each second.
    ///
    /// - Parameter written: Transactions that the shop made meanwhile.
    mutating func show(_ status: FlowStatus, written: Int) {
        guard !console.isTerminal else { return console.show(block: Self.block(status, written: written)) }
        let now = ContinuousClock.now
        if let lastLine, now - lastLine < .seconds(1) { return }
        lastLine = now
        say(Self.summary(of: status, written: written))
    }

    /// Leaves the last state where it is.
    mutating func endProgress(_ status: FlowStatus, written: Int) {
        lastLine = nil
        show(status, written: written)
        console.leaveBlock()
    }

    static func block(_ status: FlowStatus, written: Int) -> [Line] {
        if status.tables.isEmpty { return [summary(of: status, written: written)] }
        var table = TextTable(
            .init(heading: "table"),
            .init(heading: "phase"),
            .init(heading: "loaded"),
            .init(heading: "rows", isNumber: true),
            .init(heading: "inserts", isNumber: true),
            .init(heading: "updates", isNumber: true),
            .init(heading: "deletes", isNumber: true)
        )
        for each in status.tables {
            table.add(
                Line(each.table),
                Line(each.phase.words, each.phase.tone),
                bar(each),
                Line(Humane.count(each.rowsLoaded)),
                Line(Humane.count(each.inserts)),
                Line(Humane.count(each.updates)),
                Line(Humane.count(each.deletes))
            )
        }
        return table.lines(indent: 2) + [Line(""), summary(of: status, written: written)]
    }

    private static func bar(_ table: TableStatus) -> Line {
        let width = 20
        let share = table.rowsTotal.map { $0 == 0 ? 1 : min(1, Double(table.rowsLoaded) / Double($0)) } ?? 0
        let done = Int(share * Double(width))
        return Line(String(repeating: "█", count: done), .good)
            + Line(String(repeating: "░", count: width - done), .faint)
    }

    static func summary(of status: FlowStatus, written: Int) -> Line {
        let loaded = status.tables.reduce(0) { $0 + $1.rowsLoaded }
        let lag = status.lagSeconds.map(Humane.span) ?? "–"
        let worst = status.worstLagSeconds.map { " (worst \(Humane.span(seconds: $0)))" } ?? ""
        return Line("  ") + Line(status.phase.words, .strong).padded(to: 9)
            + Line("\(Humane.count(loaded)) rows loaded, \(Humane.count(written)) transactions by the shop, ")
            + Line("\(Humane.count(status.changes)) changes copied, lag \(lag)\(worst)")
    }

    // MARK: Proof

    func show(_ questions: [DemoQuestion], _ ends: any DemoEnds) {
        var table = TextTable(
            .init(heading: "SQL"),
            .init(heading: ends.shop, isNumber: true),
            .init(heading: ends.copy, isNumber: true),
            .init(heading: "")
        )
        for question in questions {
            table.add(Line(question.sql), Line(question.source), Line(question.target), Self.mark(question.isAgreed))
        }
        console.write(table.lines(indent: 2))
    }

    func show(_ comparisons: [DemoComparison]) {
        var table = TextTable(
            .init(heading: "ATTACH 'copy.db' AS copy; …"),
            .init(heading: "rows", isNumber: true),
            .init(heading: "vice versa", isNumber: true),
            .init(heading: "")
        )
        for comparison in comparisons {
            table.add(
                Line(comparison.sql),
                Line(Humane.count(comparison.onlyInSource)),
                Line(Humane.count(comparison.onlyInTarget)),
                Self.mark(comparison.isAgreed)
            )
        }
        console.write(table.lines(indent: 2))
    }

    static func mark(_ isAgreed: Bool) -> Line {
        isAgreed ? Line("✓", .good) : Line("✗ they differ", .bad)
    }
}
