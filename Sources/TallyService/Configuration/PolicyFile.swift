import Foundation
package import TallyGroup

/// A YAML file that says how rows of a group's tables merge: `tables:` in the form that a group has it, and nothing else.
package struct PolicyFile: Sendable, Hashable {
    package var tables: [GroupTableSettings]

    /// - Parameter members: Those of the group, which `prefer` names.
    /// - Throws: All that is wrong with the file, at once.
    package static func load(
        path: String,
        members: [String],
        environment: [String: String] = ProcessInfo.processInfo.environment,
        readFile: @escaping (String) throws -> String? = Configuration.contents(ofFile:)
    ) throws(ConfigurationProblems) -> PolicyFile {
        let file = try ConfigurationFile(path: path, readFile: readFile)
        let reader = ConfigurationReader(folder: file.folder, environment: environment, readFile: readFile)
        let tables = reader.policies(file.document, members)
        guard reader.problems.isEmpty else {
            throw ConfigurationProblems(file: path, problems: reader.sortedProblems)
        }
        return PolicyFile(tables: tables)
    }
}

extension ConfigurationReader {
    fileprivate func policies(_ document: YAMLDocument, _ members: [String]) -> [GroupTableSettings] {
        guard let root = document.root, !root.isAbsent else {
            report(
                "the file says nothing; write tables, each with how its rows merge: tables: { carts: { merge: { note: text } } }",
                at: Place(path: "", line: 0, column: 0)
            )
            return []
        }
        let place = root.place("", otherwise: Place(path: "", line: 1, column: 1))
        guard let section = Section(root, at: place, document: document, reader: self) else { return [] }
        let tables = tables(in: section, members)
        section.finish()
        return tables
    }
}
