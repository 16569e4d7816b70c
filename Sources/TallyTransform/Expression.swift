/// One SQL expression of a transform, checked against its table.
struct Expression {
    /// `where` or `set.COLUMN`.
    let setting: String
    let sql: String
    /// How messages write it, where `sql` holds a secret.
    var shown: String
    /// The places of the columns that it reads, in table order.
    let reads: [Int]

    /// Whether every parenthesis and bracket that the text opens is closed in it and none besides.
    ///
    /// SQL around the expression is made by putting it into parentheses; this is what keeps it inside them.
    static func isBalanced(_ sql: String) -> Bool {
        var depth = 0
        var rest = Substring(sql)
        while let character = rest.popFirst() {
            switch character {
            case "'", "\"", "`": skip(past: character, in: &rest)
            case "[": skip(past: "]", in: &rest)
            case "-" where rest.first == "-": rest = rest.drop { $0 != "\n" }
            case "/" where rest.first == "*": skipComment(in: &rest)
            case "(": depth += 1
            case ")":
                depth -= 1
                if depth < 0 { return false }
            default: break
            }
        }
        return depth == 0
    }

    /// A doubled quote inside a quoted text counts as its end and the begin of another, which comes to the same.
    private static func skip(past end: Character, in text: inout Substring) {
        while let character = text.popFirst(), character != end {}
    }

    private static func skipComment(in text: inout Substring) {
        text.removeFirst()
        while let character = text.popFirst() {
            if character == "*", text.first == "/" {
                text.removeFirst()
                return
            }
        }
    }
}
