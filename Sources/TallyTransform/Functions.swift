import Crypto
import Foundation
import SQLite
import TallyModel

extension Connection {
    /// Makes `sha256(x)`, `redact(x)` and `redact(x, n)` known to this connection.
    func registerTransformFunctions() throws {
        try register("sha256", arguments: 1) { arguments in
            guard let bytes = arguments[0].hashedBytes else { return .null }
            let digits = Array("0123456789abcdef".utf8)
            let hex = SHA256.hash(data: bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
            return .text(String(decoding: hex, as: UTF8.self))
        }
        try register("redact", arguments: 1) { arguments in
            arguments[0] == .null ? .null : .text("***")
        }
        try register("redact", arguments: 2) { arguments in
            guard arguments[0] != .null else { return .null }
            guard case .integer(let count) = arguments[1], count >= 0 else { throw RedactMisuse() }
            guard let text = arguments[0].plainText else { return .text("***") }
            let kept = text.suffix(Int(clamping: count))
            return .text(String(repeating: "*", count: text.count - kept.count) + kept)
        }
    }
}

struct RedactMisuse: Error, CustomStringConvertible {
    static let message = "the second argument of redact() has to be a whole number, 0 or more"

    var description: String { Self.message }
}

extension Value {
    /// What `sha256` is taken of; `nil` for null.
    fileprivate var hashedBytes: [UInt8]? {
        switch self {
        case .bytes(let bytes): bytes
        case .other(let other): other.bytes
        default: plainText.map { Array($0.utf8) }
        }
    }

    /// A text or a number as SQLite's `CAST(x AS TEXT)` writes it; `nil` for all else.
    fileprivate var plainText: String? {
        switch self {
        case .text(let text): text
        case .integer(let integer): String(integer)
        case .real(let real): Self.text(real)
        default: nil
        }
    }

    private static func text(_ real: Double) -> String {
        guard real.isFinite else { return real < 0 ? "-Inf" : "Inf" }
        let digits = String(format: "%.15g", real)
        if digits.contains(".") { return digits }
        // SQLite always writes a fraction: 5.0, 1.0e+20.
        guard let exponent = digits.firstIndex(of: "e") else { return digits + ".0" }
        return digits[..<exponent] + ".0" + digits[exponent...]
    }
}
