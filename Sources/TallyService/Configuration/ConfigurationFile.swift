import Foundation

/// A YAML file as it was read, before anything in it is understood.
struct ConfigurationFile {
    let url: URL
    let document: YAMLDocument

    /// The folder that paths in it start from.
    var folder: String { url.deletingLastPathComponent().path }

    /// - Parameters:
    ///   - path: Where it is; relative to the current folder, or absolute.
    ///   - hint: What to do where there is no such file; may be empty.
    ///   - readFile: Reads a text file at an absolute path; `nil` when there is none.
    init(path: String, hint: String = "", readFile: (String) throws -> String?) throws(ConfigurationProblems) {
        func failure(_ problem: ConfigurationProblem) -> ConfigurationProblems {
            ConfigurationProblems(file: path, problems: [problem])
        }
        url = URL(fileURLWithPath: path).standardizedFileURL
        let contents: String?
        do {
            contents = try readFile(url.path)
        } catch {
            throw failure(
                ConfigurationProblem(message: "cannot be read; check its permissions, and that it is UTF-8 text")
            )
        }
        guard let contents else {
            let words = ["there is no such file", hint].filter { !$0.isEmpty }
            throw failure(ConfigurationProblem(message: words.joined(separator: "; ")))
        }
        do { document = try YAMLDocument(contents) } catch { throw failure(error) }
    }
}
