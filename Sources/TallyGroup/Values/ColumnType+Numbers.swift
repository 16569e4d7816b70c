import TallyModel

/// Booleans and numbers.
extension ColumnType {
    func boolean(_ value: Value) -> Value? {
        switch value {
        case .boolean: value
        case .integer(0), .real(0): .boolean(false)
        case .integer(1), .real(1): .boolean(true)
        case .text(let text): Self.flag(text.trimmingSpaces.lowercased()).map(Value.boolean)
        default: nil
        }
    }

    /// As PostgreSQL reads them: any beginning of a word that no other begins with.
    private static func flag(_ text: String) -> Bool? {
        if text.isEmpty { return nil }
        if ["on", "1"].contains(text) || ["true", "yes"].contains(where: { $0.hasPrefix(text) }) { return true }
        if ["off", "of", "0"].contains(text) || ["false", "no"].contains(where: { $0.hasPrefix(text) }) {
            return false
        }
        return nil
    }

    func integer(_ value: Value) -> Value? {
        guard case .integer(let width) = self else { return nil }
        let whole: Int64? =
            switch value {
            case .integer(let integer): integer
            case .boolean(let flag): flag ? 1 : 0
            case .real(let real): Int64(exactly: real)
            case .decimal(let text): DecimalDigits(text).flatMap { Int64($0.stripped.text) }
            case .text(let text): Int64(text.trimmingSpaces)
            default: nil
            }
        let limit = Int64.max >> (64 - 8 * Int64(width))
        return whole.flatMap { ~limit...limit ~= $0 ? .integer($0) : nil }
    }

    func real(_ value: Value) -> Double? {
        switch value {
        case .real(let real): return real
        case .integer(let integer): return Double(integer)
        case .boolean(let flag): return flag ? 1 : 0
        case .text(let text), .decimal(let text):
            let text = text.trimmingSpaces
            if let special = Self.special(text) { return Double(special) }
            guard let digits = DecimalDigits(text), let real = Double(text) else { return nil }
            // What is too large, or too small, is refused by PostgreSQL.
            return real.isFinite && (real != 0 || digits.stripped.text == "0") ? real : nil
        default: return nil
        }
    }

    static func single(_ real: Double) -> Value? {
        let single = Float(real)
        guard single.isFinite == real.isFinite, single != 0 || real == 0 else { return nil }
        return .real(single.isNaN ? .nan : Double(single))
    }

    func numeric(_ value: Value, _ precision: Int?, _ scale: Int?) -> Reading {
        let text: String
        switch value {
        case .decimal(let digits), .text(let digits): text = digits.trimmingSpaces
        case .integer(let integer): text = "\(integer)"
        case .boolean(let flag): text = flag ? "1" : "0"
        case .real(let real): text = Self.text(of: real)
        default: return .foreign
        }
        if let special = Self.special(text) { return .same(.decimal(special)) }
        guard let number = DecimalDigits(text) else { return .foreign }
        guard let precision, let scale else { return .same(.decimal(number.text)) }
        guard scale >= 0 else { return .same(.decimal(number.text)) }
        let fitting = number.rounded(toScale: scale)
        guard fitting.wholeDigits <= precision - scale else { return .foreign }
        let isSame = fitting.stripped == number.stripped
        return isSame ? .same(.decimal(fitting.text)) : .rounded(.decimal(fitting.text))
    }

    private static func special(_ text: String) -> String? {
        switch text.lowercased() {
        case "nan": "NaN"
        case "inf", "+inf", "infinity", "+infinity": "Infinity"
        case "-inf", "-infinity": "-Infinity"
        default: nil
        }
    }

    /// The fewest digits that tell the number from others, none behind the point where it is whole.
    static func text(of real: Double) -> String {
        if !real.isFinite { return real.isNaN ? "NaN" : real < 0 ? "-Infinity" : "Infinity" }
        return DecimalDigits("\(real)")?.stripped.text ?? "\(real)"
    }
}
