import Yams

/// A node of a YAML file. The module's own `Node` is a running process.
typealias YAMLNode = Yams.Node

/// A YAML file, parsed into nodes that know their lines.
struct YAMLDocument {
    /// `nil` when the file says nothing.
    let root: YAMLNode?
    /// Keys that were given twice: from the mark that stands in front of the first one's name to the letter it hides.
    private let hidden: [Unicode.Scalar: Unicode.Scalar]

    /// - Throws: The first error in the file's syntax; what follows it cannot be understood.
    init(_ text: String) throws(ConfigurationProblem) {
        var scalars = Array(text.unicodeScalars)
        var hidden: [Unicode.Scalar: Unicode.Scalar] = [:]
        while true {
            do {
                var text = String.UnicodeScalarView()
                text.append(contentsOf: scalars)
                root = try Yams.compose(yaml: String(text))
                self.hidden = hidden
                return
            } catch let YamlError.duplicatedKeysInMapping(_, context) {
                // Yams gives up at a key that comes twice. To find what else is wrong with the file, the first letter
                // of the one it names is hidden behind a mark of its own, and the rest is read.
                guard let mark = Unicode.Scalar(Self.firstMark + UInt32(hidden.count)),
                    let place = Self.place(context.mark.line, context.mark.column, in: scalars),
                    !Self.isMark(scalars[place])
                else {
                    throw ConfigurationProblem(
                        line: context.mark.line,
                        column: context.mark.column,
                        message: "this key is given twice in one mapping; keep one"
                    )
                }
                hidden[mark] = scalars[place]
                scalars[place] = mark
            } catch {
                throw Self.problem(error, in: scalars)
            }
        }
    }

    /// The name of a key that is given again further on; `nil` for every other one.
    func repeatedName(_ key: String) -> String? {
        guard let mark = key.unicodeScalars.first, let letter = hidden[mark] else { return nil }
        return String(letter) + String(key.unicodeScalars.dropFirst())
    }

    /// The beginning of Unicode's private use area: printable in YAML, and in no key of ours.
    private static let firstMark: UInt32 = 0xE000

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool { (0xE000...0xF8FF).contains(scalar.value) }

    /// Where the name of the key at a line and column begins, counted from 1.
    private static func place(_ line: Int, _ column: Int, in scalars: [Unicode.Scalar]) -> Int? {
        var place = 0
        for _ in 1..<max(line, 1) {
            guard let end = scalars[place...].firstIndex(of: "\n") else { return nil }
            place = end + 1
        }
        place += column - 1
        if scalars.indices.contains(place), scalars[place] == "\"" || scalars[place] == "'" { place += 1 }
        return scalars.indices.contains(place) ? place : nil
    }

    private static func problem(_ error: any Error, in scalars: [Unicode.Scalar]) -> ConfigurationProblem {
        guard let error = error as? YamlError else { return ConfigurationProblem(message: "\(error)") }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let found = place(mark.line, mark.column, in: scalars).map { scalars[$0] }
            let message =
                if found == "\t" {
                    "a tab; YAML is indented with spaces"
                } else if context?.text.contains("alias") == true {
                    "a text that begins with * has to be in quotes: \"*\""
                } else {
                    "not YAML: \(problem)" + (context.map { " (\($0.text))" } ?? "")
                }
            return ConfigurationProblem(line: mark.line, column: mark.column, message: message)
        case .reader(let problem, _, _, _):
            return ConfigurationProblem(message: "not YAML: \(problem)")
        default:
            return ConfigurationProblem(message: "cannot be read as YAML")
        }
    }
}
