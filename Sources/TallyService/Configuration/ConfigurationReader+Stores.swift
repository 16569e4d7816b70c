import TallyTransform

extension ConfigurationReader {
    /// All that a file says; `nil` when it is not even a mapping.
    func configuration(_ document: YAMLDocument, path: String) -> Configuration? {
        guard let root = document.root, !root.isAbsent else {
            let message = "the file says nothing; write stores and flows, or let `tally init --force` write an example"
            report(message, at: Place(path: "", line: 0, column: 0))
            return nil
        }
        let place = root.place("", otherwise: Place(path: "", line: 1, column: 1))
        guard let section = Section(root, at: place, document: document, reader: self) else { return nil }
        let state = section.scalar("state")?.text ?? ".tally"
        let stores = stores(in: section)
        let flows = flows(in: section, stores: stores)
        let groups = groups(in: section, stores: stores, flows: flows)
        section.finish()
        let usable = stores.compactMap(\.configuration)
        return Configuration(path: path, state: absolute(state), stores: usable, flows: flows, groups: groups)
    }

    /// A store's name, and the store where there is nothing wrong with it.
    struct NamedStore {
        var name: String
        var configuration: StoreConfiguration?
    }

    private func stores(in root: Section) -> [NamedStore] {
        guard root.has("stores") else {
            report("is missing; name the stores that flows go between", at: root.place.appending("stores"))
            return []
        }
        guard let section = root.section("stores") else { return [] }
        if section.names.isEmpty {
            report("is empty; name the stores that flows go between", at: section.place)
        }
        return section.names.map { name in
            let place = section.place(of: name)
            checkName(name, "a store", at: place)
            guard section.has(name) else {
                report("says nothing; write what it is: { kind: sqlite, path: shop.db }", at: place)
                return NamedStore(name: name)
            }
            return NamedStore(name: name, configuration: section.section(name).flatMap { store(name, $0) })
        }
    }

    private func store(_ name: String, _ section: Section) -> StoreConfiguration? {
        let kinds = StoreKind.all.map(\.name)
        let known = "this version knows \(kinds.joined(separator: ", "))"
        guard let word = section.required("kind", "write kind: sqlite; \(known)") else { return nil }
        guard let kind = StoreKind.all.first(where: { $0.name == word.text }) else {
            let nearest = word.isInterpolated ? nil : nearestName(to: word.text, in: kinds)
            let hint = nearest.map { "did you mean “\($0)”?" } ?? known
            report("“\(word.written)” is no kind of store that can be opened; \(hint)", at: word.place)
            return nil
        }
        var settings: [String: String] = [:]
        var shown: [String: String] = [:]
        for setting in kind.settings {
            let scalar = setting.remedy.map { section.required(setting.key, $0) } ?? section.scalar(setting.key)
            guard let scalar else { continue }
            if scalar.text.isEmpty { report("is empty; \(setting.remedy ?? "leave it out")", at: scalar.place) }
            settings[setting.key] = setting.form == .path ? absolute(scalar.text) : scalar.text
            if scalar.isInterpolated { shown[setting.key] = scalar.written }
        }
        section.finish()
        let isWhole = kind.settings.allSatisfy { $0.remedy == nil || settings[$0.key]?.isEmpty == false }
        if isWhole, let problem = kind.problem(settings) {
            report(problem.message, at: section.place(of: problem.key))
        }
        return StoreConfiguration(name: name, kind: kind.name, settings: settings, shown: shown)
    }

    /// Names appear in commands, files and metrics, so that only plain letters will do.
    func checkName(_ name: String, _ thing: String, at place: Place, shown: String? = nil) {
        let isPlain = name.utf8.allSatisfy { byte in
            let letter = Character(Unicode.Scalar(byte))
            return letter.isASCII && (letter.isLetter || letter.isNumber || "_.-".contains(letter))
        }
        guard name.isEmpty || !isPlain else { return }
        report(
            "“\(shown ?? name)” is no name for \(thing); use letters from A to Z, digits, “_”, “.” and “-”",
            at: place
        )
    }
}
