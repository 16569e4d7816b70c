import TallyTransform
import Yams

/// One mapping of a configuration file, read key by key.
///
/// Whoever reads it asks for every key that it may have and then calls ``finish()``, which reports the others. What is
/// not right is reported and answered as if it had not been written.
final class Section {
    let place: Place
    let reader: ConfigurationReader
    private var entries: [(key: String, place: Place, value: YAMLNode)] = []
    private var known: [String] = []

    /// - Returns: `nil` when the node is no mapping, which is then reported.
    init?(_ node: YAMLNode, at place: Place, document: YAMLDocument, reader: ConfigurationReader) {
        self.place = place
        self.reader = reader
        self.document = document
        guard let mapping = node.mapping else {
            reader.report("has to be a mapping (lines of “key: value”), and is \(node.form)", at: place)
            return nil
        }
        for (keyNode, value) in mapping {
            let mark = keyNode.mark
            let here = Place(path: place.path, line: mark?.line ?? place.line, column: mark?.column ?? place.column)
            guard let key = keyNode.string else {
                reader.report("a key has to be a single word, and is \(keyNode.form)", at: here)
                continue
            }
            if let name = document.repeatedName(key) {
                reader.report("this key is given again further on; keep one", at: here.appending(name))
            } else {
                entries.append((key, here.appending(key), value))
            }
        }
    }

    private let document: YAMLDocument

    /// The keys of a mapping whose keys are names that the user chose.
    var names: [String] { entries.map(\.key) }

    func has(_ key: String) -> Bool { entry(key) != nil }

    func isMapping(_ key: String) -> Bool { entry(key)?.value.mapping != nil }

    /// Where a key stands; the section itself where it is not given.
    func place(of key: String) -> Place {
        entries.first { $0.key == key }?.place ?? place.appending(key)
    }

    func scalar(_ key: String) -> Scalar? {
        guard let entry = entry(key) else { return nil }
        return reader.scalar(entry.value, at: entry.valuePlace)
    }

    /// A value that cannot be left out.
    func required(_ key: String, _ remedy: String) -> Scalar? {
        if !has(key) { reader.report("is missing; \(remedy)", at: place.appending(key)) }
        return scalar(key)
    }

    /// A value of some form; `nil` when it is not given or not of that form.
    ///
    /// - Parameter form: What to write, to follow “…is no”.
    func value<Value>(_ key: String, form: String, _ parse: (String) -> Value?) -> Value? {
        guard let scalar = scalar(key) else { return nil }
        if let value = parse(scalar.text) { return value }
        reader.report("“\(scalar.written)” is no \(form)", at: scalar.place)
        return nil
    }

    /// One of the words that a type has.
    func word<Word: RawRepresentable<String> & CaseIterable>(_ key: String, _ type: Word.Type = Word.self) -> Word? {
        guard let scalar = scalar(key) else { return nil }
        if let word = Word(rawValue: scalar.text) { return word }
        let words = Word.allCases.map(\.rawValue)
        let nearest = scalar.isInterpolated ? nil : nearestName(to: scalar.text, in: words)
        let hint = nearest.map { "did you mean “\($0)”?" } ?? "write one of \(words.joined(separator: ", "))"
        reader.report("“\(scalar.written)” is not known here; \(hint)", at: scalar.place)
        return nil
    }

    /// A list of texts; a single text counts as a list of one.
    func list(_ key: String) -> [Scalar]? {
        guard let entry = entry(key) else { return nil }
        guard let nodes = entry.value.sequence else {
            return reader.scalar(entry.value, at: entry.valuePlace).map { [$0] }
        }
        return nodes.enumerated().compactMap { index, node in
            reader.scalar(node, at: node.place(entry.place.path + "[\(index)]", otherwise: entry.place))
        }
    }

    func section(_ key: String) -> Section? {
        guard let entry = entry(key) else { return nil }
        return Section(entry.value, at: entry.place, document: document, reader: reader)
    }

    /// Whether anything stands in a list.
    func hasItems(_ key: String) -> Bool { entry(key)?.value.sequence?.isEmpty == false }

    /// A list of mappings.
    ///
    /// - Returns: `nil` when it is not given or no list.
    func sections(_ key: String) -> [Section]? {
        guard let entry = entry(key) else { return nil }
        guard let nodes = entry.value.sequence else {
            reader.report("has to be a list (lines that begin with “- ”), and is \(entry.value.form)", at: entry.place)
            return nil
        }
        return nodes.enumerated().compactMap { index, node in
            let place = node.place(entry.place.path + "[\(index)]", otherwise: entry.place)
            return Section(node, at: place, document: document, reader: reader)
        }
    }

    /// Texts by names that the user chose.
    func texts(_ key: String) -> [(name: String, scalar: Scalar)] {
        guard let section = section(key) else { return [] }
        return section.entries.compactMap { entry in
            let place = entry.value.place(entry.place.path, otherwise: entry.place)
            // `NULL` is a value here, such as an SQL expression; nothing at all is not.
            guard entry.value.string?.isEmpty == false || entry.value.scalar == nil else {
                reader.report("says nothing; write a value", at: place)
                return nil
            }
            return reader.scalar(entry.value, at: place).map { (entry.key, $0) }
        }
    }

    /// Reports the keys that nobody asked for.
    func finish() {
        for entry in entries where !known.contains(entry.key) {
            let nearest = nearestName(to: entry.key, in: known)
            let hint = nearest.map { "did you mean “\($0)”?" } ?? "the keys here are \(known.joined(separator: ", "))"
            reader.report("unknown key; \(hint)", at: entry.place)
        }
    }

    private struct Entry {
        let place: Place
        let value: YAMLNode
        var valuePlace: Place { value.place(place.path, otherwise: place) }
    }

    private func entry(_ key: String) -> Entry? {
        if !known.contains(key) { known.append(key) }
        guard let entry = entries.first(where: { $0.key == key }), !entry.value.isAbsent else { return nil }
        return Entry(place: entry.place, value: entry.value)
    }
}

extension YAMLNode {
    func place(_ path: String, otherwise: Place) -> Place {
        Place(path: path, line: mark?.line ?? otherwise.line, column: mark?.column ?? otherwise.column)
    }
}
