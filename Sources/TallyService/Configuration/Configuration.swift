public import Foundation
public import TallyGroup

/// What a `tally.yaml` says: the stores, the flows between them and the groups of them.
public struct Configuration: Sendable, Hashable {
    /// The file, as an absolute path.
    public var path: String
    /// The folder of the node's own memory, as an absolute path.
    public var state: String
    public var stores: [StoreConfiguration]
    public var flows: [FlowConfiguration]
    public var groups: [GroupSettings]

    public init(
        path: String,
        state: String,
        stores: [StoreConfiguration],
        flows: [FlowConfiguration],
        groups: [GroupSettings] = []
    ) {
        self.groups = groups
        self.path = path
        self.state = state
        self.stores = stores
        self.flows = flows
    }

    /// Reads a configuration file.
    ///
    /// - Parameters:
    ///   - path: Where it is; relative to the current folder, or absolute.
    ///   - environment: What `${NAME}` reads.
    ///   - readFile: Reads a text file at an absolute path; `nil` when there is none. Used for the file itself and for
    ///     `${file:PATH}`.
    /// - Throws: All that is wrong with it, at once.
    public static func load(
        path: String,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        readFile: @escaping (String) throws -> String? = Configuration.contents(ofFile:)
    ) throws(ConfigurationProblems) -> Configuration {
        let file = try ConfigurationFile(
            path: path,
            hint: "`tally init` writes one, `--config` names another",
            readFile: readFile
        )
        let reader = ConfigurationReader(folder: file.folder, environment: environment, readFile: readFile)
        guard let configuration = reader.configuration(file.document, path: file.url.path), reader.problems.isEmpty
        else {
            throw ConfigurationProblems(file: path, problems: reader.sortedProblems)
        }
        return configuration
    }

    /// The text of a file; `nil` when there is none.
    public static func contents(ofFile path: String) throws -> String? {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
            return nil
        }
    }
}
