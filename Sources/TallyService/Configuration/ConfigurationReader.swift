import Foundation
import TallyTransform
import Yams

/// Where something stands in a configuration file.
struct Place {
    /// `flows[0].capture.mode`
    var path: String
    var line: Int
    var column: Int

    func appending(_ key: String) -> Place {
        Place(path: path.isEmpty ? key : "\(path).\(key)", line: line, column: column)
    }
}

/// One text of a configuration file, with what its `${…}` stand for.
struct Scalar {
    let place: Place
    /// As the file has it: the only form that is ever shown.
    let written: String
    /// What it means.
    let text: String
    let isInterpolated: Bool
}

/// Reads one configuration file and collects all that is wrong with it.
final class ConfigurationReader {
    let folder: String
    private let environment: [String: String]
    private let readFile: (String) throws -> String?
    private(set) var problems: [ConfigurationProblem] = []

    init(folder: String, environment: [String: String], readFile: @escaping (String) throws -> String?) {
        self.folder = folder
        self.environment = environment
        self.readFile = readFile
    }

    var sortedProblems: [ConfigurationProblem] {
        problems.enumerated().sorted {
            ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
        }.map(\.element)
    }

    func report(_ message: String, at place: Place) {
        problems.append(
            ConfigurationProblem(line: place.line, column: place.column, path: place.path, message: message)
        )
    }

    /// A path of the file as an absolute one: it is meant relative to the file's folder.
    func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true)).standardizedFileURL.path
    }

    /// The text of a node; `nil` when it is none or its `${…}` lead nowhere, which is then reported.
    func scalar(_ node: YAMLNode, at place: Place) -> Scalar? {
        guard let scalar = node.scalar else {
            report("has to be a single value, and is \(node.form)", at: place)
            return nil
        }
        do {
            let (text, isInterpolated) = try interpolated(scalar.string)
            return Scalar(place: place, written: scalar.string, text: text, isInterpolated: isInterpolated)
        } catch {
            report(error.message, at: place)
            return nil
        }
    }

    /// Replaces `${NAME}` and `${file:PATH}`; `$${` stands for `${` itself.
    private func interpolated(_ written: String) throws(ConfigurationProblem) -> (String, Bool) {
        var result = ""
        var isInterpolated = false
        var rest = Substring(written)
        while let start = rest.range(of: "${") {
            if rest[..<start.lowerBound].hasSuffix("$") {
                result += rest[..<start.lowerBound].dropLast() + "${"
                rest = rest[start.upperBound...]
                continue
            }
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw ConfigurationProblem(message: "“${” without “}”; write $${ where ${ itself is meant")
            }
            result += rest[..<start.lowerBound]
            result += try value(of: rest[start.upperBound..<end])
            isInterpolated = true
            rest = rest[rest.index(after: end)...]
        }
        return (result + rest, isInterpolated)
    }

    private func value(of reference: Substring) throws(ConfigurationProblem) -> String {
        if reference.hasPrefix("file:") {
            let path = absolute(String(reference.dropFirst("file:".count)))
            let contents: String?
            do {
                contents = try readFile(path)
            } catch {
                throw ConfigurationProblem(message: "the file \(path) cannot be read; check its permissions")
            }
            guard var contents else {
                throw ConfigurationProblem(message: "there is no file \(path), which ${\(reference)} reads")
            }
            if contents.last?.isNewline == true { contents.removeLast() }
            return contents
        }
        let isName =
            !reference.isEmpty
            && reference.utf8.allSatisfy { $0 == 0x5f || Character(Unicode.Scalar($0)).isAlphanumeric }
        guard isName else {
            let remedy = "write ${NAME} for the environment, ${file:PATH} for a file, $${ for ${ itself"
            throw ConfigurationProblem(message: "“${\(reference)}” names no variable; \(remedy)")
        }
        guard let value = environment[String(reference)] else {
            throw ConfigurationProblem(
                message: "the environment has no variable \(reference); set it, or write the value"
            )
        }
        return value
    }
}

extension Character {
    fileprivate var isAlphanumeric: Bool { isASCII && (isLetter || isNumber) }
}

extension YAMLNode {
    /// What it is, in words.
    var form: String {
        switch self {
        case .mapping: "a mapping"
        case .sequence: "a list"
        default: "a single value"
        }
    }

    /// Whether nothing was written, or `null`: the same as leaving the key out.
    var isAbsent: Bool {
        guard let scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}
