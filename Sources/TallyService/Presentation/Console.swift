import Foundation
import Synchronization

/// Standard output or standard error, with at most one block of lines that is redrawn in place at its end.
///
/// Several tasks may write; each call is whole. Lines written while a block stands appear above it.
package final class Console: Sendable {
    package static let output = Console(descriptor: STDOUT_FILENO)
    package static let error = Console(descriptor: STDERR_FILENO)

    private let descriptor: Int32
    /// Whether a person is watching, so that what stands there can be redrawn.
    package let isTerminal: Bool
    private let isInColour: Bool
    /// The lines of the block that stand on the screen.
    private let block = Mutex<[Line]>([])

    /// - Parameter isTerminal: Whether the descriptor is one; found out where it is not said.
    package init(
        descriptor: Int32,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        isTerminal: Bool? = nil
    ) {
        self.descriptor = descriptor
        self.isTerminal = isTerminal ?? (isatty(descriptor) == 1) && environment["TERM"] != "dumb"
        // https://no-color.org
        isInColour = self.isTerminal && environment["NO_COLOR", default: ""].isEmpty
    }

    package func write(_ lines: [Line]) {
        write(lines.map { $0.rendered(inColour: isInColour) + "\n" }.joined())
    }

    package func write(_ line: Line) {
        write([line])
    }

    /// Writes text as it is, with its line ends.
    package func write(_ text: String) {
        block.withLock { standing in
            put(erasing(standing) + text + rendered(standing))
        }
    }

    /// Shows these lines where the block before stood.
    package func show(block lines: [Line]) {
        let lines = fitting(lines)
        block.withLock { standing in
            put(erasing(standing) + rendered(lines))
            standing = lines
        }
    }

    /// Leaves the block on the screen as it is; the next one begins beneath it.
    package func leaveBlock() {
        block.withLock { $0 = [] }
    }

    // MARK: Terminal

    private func erasing(_ standing: [Line]) -> String {
        // Up to its first line, then clear to the end of the screen.
        standing.isEmpty ? "" : "\u{1B}[\(standing.count)A\r\u{1B}[J"
    }

    private func rendered(_ lines: [Line]) -> String {
        // A line that wrapped would take two rows, and the next erasure would be one short.
        let limit = max(20, size.columns - 1)
        return lines.map { $0.rendered(inColour: isInColour, limit: limit) + "\n" }.joined()
    }

    /// The lines that fit on the screen: what scrolled off could not be redrawn.
    private func fitting(_ lines: [Line]) -> [Line] {
        let most = max(2, size.rows - 1)
        guard lines.count > most else { return lines }
        return lines.prefix(most - 1) + [Line("and \(Humane.count(lines.count - most + 1)) more lines", .faint)]
    }

    private var size: (rows: Int, columns: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (24, 80) }
        return (Int(size.ws_row), Int(size.ws_col))
    }

    private func put(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                // Nobody is left to tell that nobody can be told.
                guard errno == EINTR || errno == EAGAIN else { return }
                continue
            }
            bytes = bytes.dropFirst(count)
        }
    }
}
