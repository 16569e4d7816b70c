import TallyModel

/// Values as JSON, for columns that hold texts and documents.
///
/// Numbers are numbers, as long as JSON has them; bytes are hexadecimal digits; what JSON has no kind for is a string of
/// the value's text.
enum JSONForm {
    static func append(_ value: Value, to writer: inout ByteWriter) throws(EncodingProblem) {
        let mark = writer.count
        switch value {
        case .null: writer.append("null")
        case .array(let values):
            writer.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { writer.append(UInt8(ascii: ",")) }
                try append(value, to: &writer)
            }
            writer.append(UInt8(ascii: "]"))
        case .text:
            try ValueEncoding.appendText(value, as: .text, to: &writer)
            quote(from: mark, in: &writer)
        case .bytes(let bytes):
            bytes.withUnsafeBytes { writer.appendHex($0) }
            quote(from: mark, in: &writer)
        case .other:
            try ValueEncoding.appendText(value, as: .other, to: &writer)
            quote(from: mark, in: &writer)
        default: try ValueEncoding.appendText(value, as: .json, to: &writer)
        }
    }

    /// Makes what was appended since `mark` a string.
    static func quote(from mark: Int, in writer: inout ByteWriter) {
        writer.rewrite(from: mark) { bytes, writer in
            writer.append(UInt8(ascii: "\""))
            for byte in bytes {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                    writer.append(UInt8(ascii: "\\"))
                    writer.append(byte)
                case 0..<0x20:
                    writer.append("\\u00")
                    writer.append(ByteWriter.hexDigit(byte >> 4))
                    writer.append(ByteWriter.hexDigit(byte & 15))
                default: writer.append(byte)
                }
            }
            writer.append(UInt8(ascii: "\""))
        }
    }

    /// As ``quote(from:in:)`` for `NaN` and the infinities.
    static func quoteUnlessNumber(from mark: Int, in writer: inout ByteWriter) {
        let isNumber = writer.withBytes(from: mark) { bytes in
            bytes.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
        }
        if !isNumber { quote(from: mark, in: &writer) }
    }
}
