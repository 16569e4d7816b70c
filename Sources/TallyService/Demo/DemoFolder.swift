import Foundation

/// Where a demonstration keeps its files: a folder that goes away afterwards, or one that the user named.
struct DemoFolder {
    let path: String
    private let isKept: Bool

    /// Makes the folder.
    ///
    /// - Parameters:
    ///   - keep: Where the user wants the files; `nil` for a folder that goes away.
    ///   - file: A file that every demo of this kind makes: where it is there, a demo was kept there before.
    init(keep: String?, file: String) throws {
        isKept = keep != nil
        path =
            keep.map { URL(filePath: $0).standardizedFileURL.path }
            ?? NSTemporaryDirectory() + "tally-demo-\(ProcessInfo.processInfo.processIdentifier)"
        if isKept, FileManager.default.fileExists(atPath: path + "/" + file) {
            throw DemoFailure("\(path) holds a demo already: name a folder that is not there yet")
        }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
    }

    /// Removes the folder, or says where it is.
    func clean() {
        guard !isKept else { return DemoScreen().step("files", "kept in \(path)") }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            DemoScreen().step("files", "left in \(path): \(error)")
        }
    }
}

/// Why a demonstration could not go on.
struct DemoFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
