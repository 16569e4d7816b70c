extension Column {
    /// Whether the default, or NULL where there is none, is the same value whenever and wherever it is evaluated: a
    /// literal, perhaps with a sign, in parentheses or cast to a type.
    ///
    /// A store that adds a column with another default computes values that its log does not show.
    public var hasLiteralDefault: Bool {
        guard let defaultExpression else { return true }
        return Self.isLiteral(defaultExpression[...])
    }

    private static func isLiteral(_ text: Substring) -> Bool {
        var rest = trimmed(text)
        while rest.hasPrefix("("), let inner = enclosed(rest) {
            if trimmed(inner.after).isEmpty { return isLiteral(inner.content) }
            guard isLiteral(inner.content) else { return false }
            return isCast(trimmed(inner.after))
        }
        if let first = rest.first, first == "-" || first == "+" { rest = trimmed(rest.dropFirst()) }
        if let first = rest.first,
            first == "'" || ((first == "E" || first == "X" || first == "x") && rest.dropFirst().first == "'")
        {
            let isEscaping = first == "E"
            guard let after = afterString(rest.drop { $0 != "'" }, isEscaping: isEscaping) else { return false }
            return isCast(trimmed(after))
        }
        if let first = rest.first, first.isNumber || first == "." {
            var after = rest.drop { $0.isNumber || $0.isLetter || $0 == "." || $0 == "_" }
            let isExponent = rest[..<after.startIndex].last == "e" || rest[..<after.startIndex].last == "E"
            if isExponent, let sign = after.first, sign == "-" || sign == "+" {
                after = after.dropFirst().drop { $0.isNumber }
            }
            return isCast(trimmed(after))
        }
        for word in ["null", "true", "false"] where rest.lowercased().hasPrefix(word) {
            return isCast(trimmed(rest.dropFirst(word.count)))
        }
        return false
    }

    /// Whether nothing follows a literal but casts. What a text such as `now` becomes as a date depends on the day.
    private static func isCast(_ text: Substring) -> Bool {
        guard !text.isEmpty else { return true }
        guard text.hasPrefix("::") else { return false }
        return !text.contains { "'+*/|<>=-".contains($0) } && !text.lowercased().contains("regclass")
    }

    private static func afterString(_ text: Substring, isEscaping: Bool) -> Substring? {
        var place = text.index(after: text.startIndex)
        while place < text.endIndex {
            let next = text.index(after: place)
            if text[place] == "\\", isEscaping {
                guard next < text.endIndex else { return nil }
                place = text.index(after: next)
            } else if text[place] == "'" {
                guard next < text.endIndex, text[next] == "'" else { return text[next...] }
                place = text.index(after: next)
            } else {
                place = next
            }
        }
        return nil
    }

    /// What the parenthesis at the beginning encloses, and what follows it; `nil` where a text inside hides its end.
    private static func enclosed(_ text: Substring) -> (content: Substring, after: Substring)? {
        var depth = 0
        var isInString = false
        for place in text.indices {
            switch text[place] {
            case "'": isInString.toggle()
            case "(" where !isInString: depth += 1
            case ")" where !isInString:
                depth -= 1
                if depth == 0 {
                    return (text[text.index(after: text.startIndex)..<place], text[text.index(after: place)...])
                }
            default: break
            }
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
