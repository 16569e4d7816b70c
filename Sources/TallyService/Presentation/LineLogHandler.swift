package import Foundation
package import Logging

/// How much `tally run` logs.
package enum LogLevel: String, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error

    var level: Logger.Level {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }

    /// The logger of a command, which writes to a console, above the block that stands there.
    package func logger(on console: Console) -> Logger {
        var logger = Logger(label: "tally") { _ in LineLogHandler { console.write($0) } }
        logger.logLevel = level
        return logger
    }
}

/// Writes each event as one line: when, how grave, what, then `key=value` in the order of keys.
package struct LineLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let now: @Sendable () -> Date
    private let write: @Sendable (String) -> Void

    package init(now: @escaping @Sendable () -> Date = { Date() }, write: @escaping @Sendable (String) -> Void) {
        self.now = now
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        var line =
            "\(now().formatted(Self.moment)) \(event.level.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0))"
        line += " " + Self.oneLine("\(event.message)")
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(Self.word("\(value)"))" }
        if let error = event.error { line += " error=\(Self.word("\(error)"))" }
        write(line + "\n")
    }

    private static let moment = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    private static func oneLine(_ text: String) -> String {
        Humane.visible(text.replacing("\n", with: " "))
    }

    /// The text as one word of the line: in quotes where it has blanks, quotes or nothing in it.
    private static func word(_ text: String) -> String {
        let text = oneLine(text)
        guard text.isEmpty || text.contains(where: { $0.isWhitespace || $0 == "\"" || $0 == "=" }) else { return text }
        return "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}
