import TallyModel
import TallyTransform

extension ConfigurationReader {
    /// What a flow does to the rows of each table. Columns and expressions are checked against the tables themselves,
    /// by whoever has opened the store.
    func transforms(in flow: Section, of tables: TableSelection) -> [TableName: TransformSettings] {
        guard let section = flow.section("transform") else { return [:] }
        var transforms: [TableName: TransformSettings] = [:]
        var written: [String: String] = [:]
        for name in section.names {
            let place = section.place(of: name)
            let table = TableName(name)
            if !tables.contains(table) {
                report("the flow's tables leave “\(name)” out; add it to tables, or remove this", at: place)
            }
            guard let settings = section.section(name).map(transform) else { continue }
            let target = (settings.table ?? name).lowercased()
            if let other = written[target] {
                report("“\(other)” and “\(name)” are written to one table; give each its own", at: place)
            }
            written[target] = name
            transforms[table] = settings
        }
        return transforms
    }

    private func transform(_ section: Section) -> TransformSettings {
        var settings = TransformSettings()
        func expression(_ scalar: Scalar, _ setting: String) -> String {
            if scalar.isInterpolated { settings.shown[setting] = scalar.written }
            return scalar.text
        }
        settings.where = section.scalar("where").map { expression($0, "where") }
        for (column, scalar) in section.texts("set") { settings.set[column] = expression(scalar, "set.\(column)") }
        settings.drop = section.list("drop")?.map(\.text) ?? []
        for (column, scalar) in section.texts("rename") { settings.rename[column] = scalar.text }
        if let table = section.scalar("table") {
            refuseReserved(table)
            settings.table = table.text
        }
        section.finish()
        return settings
    }

    /// Names that no table of a user's may have.
    private func refuseReserved(_ table: Scalar) {
        let name = table.text.lowercased()
        if name.hasPrefix("_tally_") {
            report("“\(table.written)” is a name that Tally keeps for its own tables; write another", at: table.place)
        } else if name.hasPrefix("sqlite_") {
            report("“\(table.written)” is a name that SQLite keeps for itself; write another", at: table.place)
        } else if name.isEmpty {
            report("is empty; write a table's name, or leave it out", at: table.place)
        }
    }
}
