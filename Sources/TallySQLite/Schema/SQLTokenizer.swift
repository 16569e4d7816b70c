/// Splits SQL text into tokens, by SQLite's rules (https://www.sqlite.org/lang.html, `tokenize.c`).
struct SQLTokenizer {
    private let bytes: [UInt8]
    private var offset = 0

    static func tokens(of sql: String) -> [SQLToken] {
        var tokenizer = SQLTokenizer(bytes: Array(sql.utf8))
        var tokens: [SQLToken] = []
        while let token = tokenizer.next() { tokens.append(token) }
        return tokens
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func next() -> SQLToken? {
        let start = offset
        skipBlank()
        guard offset < bytes.count else { return nil }
        let leading = text(from: start)
        let begin = offset
        let kind = read()
        return SQLToken(kind: kind, leading: leading, text: text(from: begin))
    }

    private mutating func read() -> SQLToken.Kind {
        let first = bytes[offset]
        switch first {
        case UInt8(ascii: "'"):
            readQuoted(until: first, doubling: true)
            return .string
        case UInt8(ascii: "\""), UInt8(ascii: "`"):
            readQuoted(until: first, doubling: true)
            return .quotedName
        case UInt8(ascii: "["):
            readQuoted(until: UInt8(ascii: "]"), doubling: false)
            return .quotedName
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            readWhile { Self.isNamePart($0) || $0 == UInt8(ascii: ".") }
            return .number
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            guard offset + 1 < bytes.count, bytes[offset + 1] == UInt8(ascii: "'") else { break }
            offset += 1
            readQuoted(until: UInt8(ascii: "'"), doubling: false)
            return .number
        default: break
        }
        if Self.isNamePart(first) {
            readWhile(Self.isNamePart)
            return .word
        }
        offset += 1
        return .symbol
    }

    private mutating func readQuoted(until quote: UInt8, doubling: Bool) {
        offset += 1
        while offset < bytes.count {
            let isQuote = bytes[offset] == quote
            offset += 1
            guard isQuote else { continue }
            guard doubling, offset < bytes.count, bytes[offset] == quote else { return }
            offset += 1
        }
    }

    private mutating func skipBlank() {
        while offset < bytes.count {
            if Self.isSpace(bytes[offset]) {
                offset += 1
            } else if follows("--") {
                readWhile { $0 != UInt8(ascii: "\n") }
            } else if follows("/*") {
                offset += 2
                while offset < bytes.count, !follows("*/") { offset += 1 }
                offset = min(offset + 2, bytes.count)
            } else {
                return
            }
        }
    }

    private mutating func readWhile(_ isPart: (UInt8) -> Bool) {
        while offset < bytes.count, isPart(bytes[offset]) { offset += 1 }
    }

    private func follows(_ mark: StaticString) -> Bool {
        offset + 1 < bytes.count && bytes[offset] == mark.utf8Start[0] && bytes[offset + 1] == mark.utf8Start[1]
    }

    private func text(from start: Int) -> String { String(decoding: bytes[start..<offset], as: UTF8.self) }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) && byte != 0x0b }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }
}
