import Foundation
import TallyModel

/// Says of a store's settings no more than its configuration file shows: what came from `${…}` is put back to that.
struct Wording: Sendable {
    /// What is not to be shown and what is instead, the longest first, for one may be part of another.
    private let substitutes: [(secret: String, shown: String)]

    /// - Parameter paths: The keys of settings that are paths: of these the folder is not shown either.
    init(of store: StoreConfiguration, paths: [String]) {
        var substitutes: [(secret: String, shown: String)] = []
        for (key, shown) in store.shown {
            guard let secret = store.settings[key] else { continue }
            substitutes.append((secret, shown))
            guard paths.contains(key) else { continue }
            let folder = (shown as NSString).deletingLastPathComponent
            let shownFolder = folder.isEmpty ? "(the folder of \(shown))" : folder
            for path in [secret, URL(fileURLWithPath: secret).resolvingSymlinksInPath().path] {
                substitutes.append((path, shown))
                substitutes.append(((path as NSString).deletingLastPathComponent, shownFolder))
            }
        }
        // A root folder, or a letter or two, is no secret, and to replace it would make every message unreadable.
        self.substitutes = substitutes.filter { $0.secret.count > 2 }.sorted { $0.secret.count > $1.secret.count }
    }

    /// Whether nothing has to be put differently.
    var isPlain: Bool { substitutes.isEmpty }

    func callAsFunction(_ text: String) -> String {
        substitutes.reduce(text) { $0.replacing($1.secret, with: $1.shown) }
    }

    func callAsFunction(_ error: any Error) -> any Error {
        guard var error = error as? StoreError else { return error }
        error.fact = self(error.fact)
        // Whoever prints an error may print its cause.
        error.cause = nil
        return error
    }

    func callAsFunction(_ findings: [Finding]) -> [Finding] {
        findings.map { finding in
            var finding = finding
            finding.message = self(finding.message)
            finding.remedy = finding.remedy.map { self($0) }
            return finding
        }
    }

    /// A label that tells two places apart which the configuration writes alike.
    func distinct(_ label: String) -> String {
        let shown = self(label)
        if shown == label { return label }
        // FNV-1a: the same in every process, because the source keeps it.
        let hash = label.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        return "\(shown) (\(String(hash, radix: 16)))"
    }

    /// Runs `body` and has what it throws say no more than may be shown.
    func wording<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch {
            throw self(error)
        }
    }
}
