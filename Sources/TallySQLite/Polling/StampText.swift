/// Reads `yyyy-mm-dd`, then perhaps a space or `T`, `hh:mm`, `:ss` and a fraction, then perhaps `Z` or an offset.
enum StampText {
    static func read(_ text: String) -> Stamp? {
        var text = text
        return text.withUTF8 { read($0) }
    }

    private static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Stamp? {
        var reader = Reader(bytes: bytes)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var moment = days(year, month, day) * 86_400_000_000
        guard !reader.isAtEnd else { return stamp(moment, " ", .day) }
        guard let separator = reader.take(oneOf: " Tt"), let hours = reader.number(2), reader.take(":"),
            let minutes = reader.number(2), hours <= 24, minutes < 60
        else { return nil }
        moment += (hours * 3600 + minutes * 60) * 1_000_000
        var precision = Stamp.Precision.minute
        if reader.take(":") {
            guard let seconds = reader.number(2), seconds <= 60 else { return nil }
            moment += seconds * 1_000_000
            precision = .second
            if reader.take(".") {
                guard let fraction = reader.fraction() else { return nil }
                moment += fraction
            }
        }
        guard let zone = reader.zone(), reader.isAtEnd else { return nil }
        let form = Stamp.Form.text(separator: separator, precision: precision, isShifted: zone.isNumeric)
        return Stamp(moment: moment - zone.microseconds, form: form)
    }

    private static func stamp(_ moment: Int64, _ separator: Unicode.Scalar, _ precision: Stamp.Precision) -> Stamp {
        let form = Stamp.Form.text(separator: UInt8(ascii: separator), precision: precision, isShifted: false)
        return Stamp(moment: moment, form: form)
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar.
    ///
    /// The algorithm is Howard Hinnant's `days_from_civil` (https://howardhinnant.github.io/date_algorithms.html), for
    /// years from 0.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year + 399 : year + 400
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468 - 146_097
    }

    private struct Reader {
        let bytes: UnsafeBufferPointer<UInt8>
        var offset = 0

        init(bytes: UnsafeBufferPointer<UInt8>) {
            self.bytes = bytes
        }

        var isAtEnd: Bool { offset == bytes.count }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard !isAtEnd, bytes[offset] == UInt8(ascii: character) else { return false }
            offset += 1
            return true
        }

        mutating func take(oneOf characters: String) -> UInt8? {
            guard !isAtEnd, characters.utf8.contains(bytes[offset]) else { return nil }
            defer { offset += 1 }
            return bytes[offset]
        }

        mutating func digit() -> Int64? {
            guard !isAtEnd, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) else { return nil }
            defer { offset += 1 }
            return Int64(bytes[offset] - UInt8(ascii: "0"))
        }

        mutating func number(_ count: Int) -> Int64? {
            var number: Int64 = 0
            for _ in 0..<count {
                guard let digit = digit() else { return nil }
                number = number * 10 + digit
            }
            return number
        }

        /// The digits after the point, as microseconds; what is finer is cut off.
        mutating func fraction() -> Int64? {
            guard var microseconds = digit().map({ $0 * 100_000 }) else { return nil }
            var weight: Int64 = 10_000
            while let digit = digit() {
                microseconds += digit * weight
                weight /= 10
            }
            return microseconds
        }

        mutating func zone() -> (microseconds: Int64, isNumeric: Bool)? {
            _ = take(" ")
            if isAtEnd || take("Z") || take("z") { return (0, false) }
            guard let sign = take(oneOf: "+-"), let hours = number(2) else { return nil }
            _ = take(":")
            let minutes = isAtEnd ? 0 : number(2)
            guard let minutes, hours <= 14, minutes < 60 else { return nil }
            let microseconds = (hours * 60 + minutes) * 60_000_000
            return (sign == UInt8(ascii: "-") ? -microseconds : microseconds, true)
        }
    }
}
