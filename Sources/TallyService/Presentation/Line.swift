/// What a piece of text means, for terminals that can show it in colour. It never stands in for words.
package enum Tone: Sendable, Hashable {
    case plain, strong, faint, good, warning, bad

    fileprivate var code: String? {
        switch self {
        case .plain: nil
        case .strong: "1"
        case .faint: "2"
        case .good: "32"
        case .warning: "33"
        case .bad: "31"
        }
    }
}

/// One line for a terminal: pieces of text, each with its tone. Control characters are made visible on the way in.
package struct Line: Sendable, Hashable, ExpressibleByStringInterpolation {
    private struct Piece: Sendable, Hashable {
        var text: String
        var tone: Tone
    }

    private var pieces: [Piece]

    package init(_ text: String, _ tone: Tone = .plain) {
        pieces = text.isEmpty ? [] : [Piece(text: Humane.visible(text), tone: tone)]
    }

    package init(stringLiteral text: String) {
        self.init(text)
    }

    /// How many places the line takes.
    package var width: Int { pieces.reduce(0) { $0 + $1.text.count } }

    /// The words alone.
    package var text: String { pieces.map(\.text).joined() }

    package static func + (left: Line, right: Line) -> Line {
        var line = left
        line.pieces += right.pieces
        return line
    }

    package static func += (left: inout Line, right: Line) {
        left = left + right
    }

    /// The line with blanks up to `width`, behind it or before it.
    func padded(to width: Int, isRightAligned: Bool = false) -> Line {
        let blanks = Line(String(repeating: " ", count: max(0, width - self.width)))
        return isRightAligned ? blanks + self : self + blanks
    }

    var withoutTrailingBlanks: Line {
        var line = self
        while let last = line.pieces.last {
            let text = String(last.text.reversed().drop { $0 == " " }.reversed())
            if !text.isEmpty {
                line.pieces[line.pieces.count - 1].text = text
                break
            }
            line.pieces.removeLast()
        }
        return line
    }

    /// The line as a terminal takes it.
    ///
    /// - Parameter limit: Cuts the line there, so that it stays on one row.
    package func rendered(inColour: Bool, limit: Int? = nil) -> String {
        var room = limit ?? .max
        var result = ""
        for piece in pieces where room > 0 {
            let text = piece.text.count <= room ? piece.text : piece.text.prefix(max(0, room - 1)) + "…"
            room -= text.count
            if inColour, let code = piece.tone.code {
                result += "\u{1B}[\(code)m\(text)\u{1B}[0m"
            } else {
                result += text
            }
        }
        return result
    }
}
