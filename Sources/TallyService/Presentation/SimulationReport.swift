/// What `tally conflicts simulate` prints.
package enum SimulationReport {
    package static func lines(_ simulation: SimulationDetail) -> [Line] {
        var lines: [Line] = []
        if !simulation.items.isEmpty {
            lines = table(simulation.items).lines() + [""]
        }
        return lines + summary(simulation)
    }

    private static func table(_ items: [SimulationDetail.Item]) -> TextTable {
        var table = TextTable(
            TextTable.Column(heading: "CONFLICT", isNumber: true),
            TextTable.Column(heading: "ENTRY", isNumber: true),
            TextTable.Column(heading: "TABLE"),
            TextTable.Column(heading: "KEY"),
            TextTable.Column(heading: "COLUMN"),
            TextTable.Column(heading: "IS"),
            TextTable.Column(heading: "WOULD BE"),
            TextTable.Column(heading: "")
        )
        for item in items {
            table.add(
                Line(item.conflict.map(String.init) ?? ""),
                Line(Humane.count(Int(item.sequence))),
                Line(item.table),
                Line(ConflictReport.text(item.key)),
                Line(item.column ?? "the row"),
                Line(item.now),
                Line(item.then, item.differs ? .strong : .plain),
                Line(remark(on: item), item.waits ? .warning : .faint)
            )
        }
        return table
    }

    private static func remark(on item: SimulationDetail.Item) -> String {
        if item.waits { return "would wait for a person" }
        if item.conflict == nil { return item.clashes ? "would be a conflict" : "no conflict either way" }
        if !item.clashes { return "would be no conflict" }
        return item.differs ? "would come out otherwise" : "the same"
    }

    private static func summary(_ simulation: SimulationDetail) -> [Line] {
        func conflicts(_ number: Int) -> String { Humane.count(number, "conflict") }
        var lines = [
            Line("\(Humane.count(simulation.writes, "concurrent write")) evaluated again; ")
                + Line("\(conflicts(simulation.recorded)) on record:")
        ]
        lines.append(Line("  \(Humane.count(simulation.different)) would come out otherwise"))
        lines.append(Line("  \(Humane.count(simulation.vanished)) would be no conflict"))
        lines.append(Line("  \(Humane.count(simulation.waiting)) would wait for a person"))
        lines.append(Line("  \(Humane.count(simulation.new)) more would arise"))
        if simulation.quiet > 0 {
            lines.append(Line("  \(Humane.count(simulation.quiet, "other value")) would differ without a conflict"))
        }
        lines.append(Line("Nothing was changed.", .faint))
        return lines
    }
}
