import TallyEngine
import TallyModel
import TallyTransform

extension ConfigurationReader {
    func flows(in root: Section, stores: [NamedStore]) -> [FlowConfiguration] {
        if !root.has("flows") {
            if !root.has("groups") {
                report("is missing; write at least one flow", at: root.place.appending("flows"))
            }
            return []
        }
        guard let sections = root.sections("flows") else { return [] }
        var places: [String: Place] = [:]
        let flows = sections.compactMap { section in
            flow(section, stores: stores) { name in
                if let first = places[name.text] {
                    report("line \(first.line) has a flow of that name too; every flow needs its own", at: name.place)
                }
                places[name.text] = name.place
            }
        }
        if sections.isEmpty, !root.hasItems("flows") {
            report("is empty; write at least one flow", at: root.place(of: "flows"))
        }
        return flows
    }

    private func flow(
        _ section: Section,
        stores: [NamedStore],
        _ takeName: (Scalar) -> Void
    ) -> FlowConfiguration? {
        let name = section.required("name", "write a name: what `tally status` and the other commands call it by")
        if let name {
            checkName(name.text, "a flow", at: name.place, shown: name.written)
            takeName(name)
        }
        let from = store("from", in: section, stores)
        let to = store("to", in: section, stores)
        checkApart(from, to, stores)

        var settings = FlowSettings(name: name?.text ?? "")
        if let tables = tables(in: section) { settings.tables = tables }
        settings.capture = capture(in: section)
        if let create = section.word("create", Create.self) { settings.createsMissing = create == .missing }
        if let existing = section.word("existing", ExistingRows.self) { settings.existing = existing }
        if let rules = section.section("schema") { settings.schemaRules = schemaRules(rules) }
        settings.transforms = transforms(in: section, of: settings.tables)
        settings.lag = duration("lag", in: section)
        if let memory = section.value("memory", form: ByteCount.configuredForm, ByteCount.init(configured:)) {
            if memory < FlowSettings.leastMemory {
                let message = "\(memory) is too little to work in; write 4MiB or more"
                report(message, at: section.place(of: "memory"))
            }
            settings.memory = memory
        }
        if let retry = section.section("retry") { settings.retry = self.retry(retry) }
        section.finish()
        guard let from, let to else { return nil }
        return FlowConfiguration(from: from.text, to: to.text, settings: settings)
    }

    private enum Create: String, CaseIterable {
        case missing, never
    }

    private func store(_ key: String, in section: Section, _ stores: [NamedStore]) -> Scalar? {
        guard let name = section.required(key, "write the name of a store") else { return nil }
        if stores.contains(where: { $0.name == name.text }) { return name }
        let names = stores.map(\.name)
        let nearest = name.isInterpolated ? nil : nearestName(to: name.text, in: names)
        let list = names.isEmpty ? "stores names none" : "the stores are \(names.joined(separator: ", "))"
        report(
            "there is no store “\(name.written)”; \(nearest.map { "did you mean “\($0)”?" } ?? list)",
            at: name.place
        )
        return name
    }

    private func checkApart(_ from: Scalar?, _ to: Scalar?, _ stores: [NamedStore]) {
        guard let from, let to else { return }
        if from.text == to.text {
            report("a flow needs two stores, and from is “\(to.written)” too", at: to.place)
            return
        }
        let places = [from, to].map { scalar in
            stores.first { $0.name == scalar.text }?.configuration.map { ($0.kind, $0.settings) }
        }
        if let first = places[0], let second = places[1], first == second {
            report("“\(from.written)” and “\(to.written)” are the same place; a flow needs two", at: to.place)
        }
    }

    private func tables(in section: Section) -> TableSelection? {
        guard let patterns = section.list("tables") else { return nil }
        if patterns.isEmpty {
            report("selects no table; write [\"*\"] for all", at: section.place(of: "tables"))
        }
        for pattern in patterns where pattern.text.isEmpty || pattern.text == "!" {
            report("an empty name; write a table's name or a pattern such as \"audit_*\"", at: pattern.place)
        }
        let hidden = patterns.filter(\.isInterpolated).map { ($0.text, $0.written) }
        return TableSelection(patterns.map(\.text), shown: Dictionary(hidden) { first, _ in first })
    }

    private func schemaRules(_ section: Section) -> SchemaRules {
        var rules = SchemaRules()
        if let added = section.word("added", SchemaRules.Added.self) { rules.added = added }
        if let dropped = section.word("dropped", SchemaRules.Dropped.self) { rules.dropped = dropped }
        if let renamed = section.word("renamed", SchemaRules.Renamed.self) { rules.renamed = renamed }
        section.finish()
        return rules
    }

    private func retry(_ section: Section) -> RetrySettings {
        var retry = RetrySettings()
        if let first = duration("first", in: section) { retry.first = first }
        if let most = duration("most", in: section) { retry.most = most }
        if retry.most < retry.first {
            report("most is shorter than first; it is the longest wait of all", at: section.place)
        }
        section.finish()
        return retry
    }

    /// A duration of more than nothing.
    func duration(_ key: String, in section: Section) -> Duration? {
        guard let duration = section.value(key, form: Duration.configuredForm, Duration.init(configured:)) else {
            return nil
        }
        if duration == .zero {
            report("has to be more than 0; write 250ms, 2s, 5m, 1h or 1d", at: section.place(of: key))
        }
        return duration
    }
}
