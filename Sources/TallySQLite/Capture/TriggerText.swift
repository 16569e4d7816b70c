/// What the text of an installed trigger tells about its table.
package enum TriggerText {
    /// What the columns of a shape are called now, in the shape's order, as the text of its insert trigger has them.
    ///
    /// ``TriggerScript`` reads each column as `(SELECT NEW."name")` or `(SELECT r."name" FROM …)`, and nothing else in
    /// the trigger begins like that. A dropped column keeps its name in the text.
    package static func columnNames(inInsertTrigger sql: String) -> [String] {
        var names: [String] = []
        let bytes = Array(sql.utf8)
        let marks = ["(SELECT NEW.", "(SELECT r."].map { Array($0.utf8) }
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\"") {
                _ = quotedName(in: bytes, at: &index)
            } else if let mark = marks.first(where: { bytes[index...].starts(with: $0) }) {
                index += mark.count
                if let name = name(in: bytes, at: &index) { names.append(name) }
            } else {
                index += 1
            }
        }
        return names
    }

    /// A renamed column may stand there without quotes.
    private static func name(in bytes: [UInt8], at index: inout Int) -> String? {
        guard index < bytes.count else { return nil }
        if bytes[index] == UInt8(ascii: "\"") { return quotedName(in: bytes, at: &index) }
        let start = index
        let ends = [UInt8(ascii: ")"), UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: ",")]
        while index < bytes.count, !ends.contains(bytes[index]) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private static func quotedName(in bytes: [UInt8], at index: inout Int) -> String {
        let quote = UInt8(ascii: "\"")
        var name: [UInt8] = []
        index += 1
        while index < bytes.count {
            if bytes[index] == quote {
                index += 1
                guard index < bytes.count, bytes[index] == quote else { break }
            }
            name.append(bytes[index])
            index += 1
        }
        return String(decoding: name, as: UTF8.self)
    }
}
