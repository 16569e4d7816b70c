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
        func failure(_ problem: ConfigurationProblem) -> ConfigurationProblems {
            ConfigurationProblems(file: path, problems: [problem])
        }
        let url = URL(fileURLWithPath: path).standardizedFileURL
        let contents: String?
        do {
            contents = try readFile(url.path)
        } catch {
            throw failure(
                ConfigurationProblem(message: "cannot be read; check its permissions, and that it is UTF-8 text")
            )
        }
        guard let contents else {
            throw failure(
                ConfigurationProblem(
                    message: "there is no such file; `tally init` writes one, `--config` names another"
                )
            )
        }
        let document: YAMLDocument
        do { document = try YAMLDocument(contents) } catch { throw failure(error) }
        let folder = url.deletingLastPathComponent().path
        let reader = ConfigurationReader(folder: folder, environment: environment, readFile: readFile)
        guard let configuration = reader.configuration(document, path: url.path), reader.problems.isEmpty else {
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
