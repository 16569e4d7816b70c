/// `numeric` in binary: digits in base 10,000 (`numeric_send` and `numeric_recv` in the server's `numeric.c`).
///
/// Four 16-bit integers — how many digits, the first one's weight as a power of 10,000, the sign, how many decimal
/// places are shown — and then the digits.
enum NumericForm {
    private static let negative: UInt16 = 0x4000
    private static let notANumber: UInt16 = 0xC000
    private static let infinity: UInt16 = 0xD000
    private static let negativeInfinity: UInt16 = 0xF000
    /// NUMERIC_DSCALE_MAX.
    private static let largestScale = 0x3FFF

    // MARK: Reading

    /// The number in plain digits, as the server's text form has it; `nil` for bytes that are none.
    static func digits(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.count >= 8 else { return nil }
        let count = Int(ValueDecoding.bigEndian(bytes, at: 0) as UInt16)
        let weight = Int(ValueDecoding.bigEndian(bytes, at: 2) as Int16)
        let sign: UInt16 = ValueDecoding.bigEndian(bytes, at: 4)
        let scale = Int(ValueDecoding.bigEndian(bytes, at: 6) as UInt16)
        switch sign {
        case notANumber: return "NaN"
        case infinity: return "Infinity"
        case negativeInfinity: return "-Infinity"
        case 0, negative: break
        default: return nil
        }
        guard bytes.count == 8 + 2 * count, scale <= largestScale else { return nil }
        for index in 0..<count where (ValueDecoding.bigEndian(bytes, at: 8 + 2 * index) as UInt16) > 9999 { return nil }
        // Groups before the point, and those that the shown places reach into.
        let groups = max(weight + 1, 0)
        let size = 2 + max(groups * 4, 1) + scale + 4
        // Not written in place: a string that is given more room than its result needs takes memory for it.
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { place in
            let isNegative = sign == negative
            let end = write(
                bytes,
                count: count,
                weight: weight,
                isNegative: isNegative,
                scale: scale,
                groups: groups,
                place
            )
            return String(decoding: place[..<end], as: UTF8.self)
        }
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer,
        count: Int,
        weight: Int,
        isNegative: Bool,
        scale: Int,
        groups: Int,
        _ place: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        let zero = UInt8(ascii: "0")
        var length = 0
        if isNegative {
            place[0] = UInt8(ascii: "-")
            length = 1
        }
        // The group of a weight, zero where none is stored.
        func group(_ power: Int) -> UInt16 {
            let index = weight - power
            return index >= 0 && index < count ? ValueDecoding.bigEndian(bytes, at: 8 + 2 * index) : 0
        }
        func put(_ group: UInt16) {
            place[length] = zero + UInt8(truncatingIfNeeded: group / 1000)
            place[length + 1] = zero + UInt8(truncatingIfNeeded: group / 100 % 10)
            place[length + 2] = zero + UInt8(truncatingIfNeeded: group / 10 % 10)
            place[length + 3] = zero + UInt8(truncatingIfNeeded: group % 10)
            length += 4
        }
        if groups == 0 {
            place[length] = zero
            length += 1
        } else {
            let first = length
            for power in stride(from: weight, through: 0, by: -1) { put(group(power)) }
            var leading = 0
            while leading < length - first - 1, place[first + leading] == zero { leading += 1 }
            if leading > 0 {
                for index in first..<length - leading { place[index] = place[index + leading] }
                length -= leading
            }
        }
        guard scale > 0 else { return length }
        place[length] = UInt8(ascii: ".")
        length += 1
        let end = length + scale
        var power = -1
        while length < end {
            put(group(power))
            power -= 1
        }
        return end
    }

    // MARK: Writing

    /// Appends the number's binary form.
    ///
    /// - Returns: False, with nothing appended, for what is no number in plain digits or too long for the form.
    static func append(_ digits: String, to writer: inout ByteWriter) -> Bool {
        var digits = digits
        return digits.withUTF8 { append($0, to: &writer) }
    }

    private static func append(_ text: UnsafeBufferPointer<UInt8>, to writer: inout ByteWriter) -> Bool {
        if let special = special(text) {
            appendHead(count: 0, weight: 0, sign: special, scale: 0, to: &writer)
            return true
        }
        var first = 0
        var sign: UInt16 = 0
        if let lead = text.first, lead == UInt8(ascii: "-") || lead == UInt8(ascii: "+") {
            sign = lead == UInt8(ascii: "-") ? negative : 0
            first = 1
        }
        var point = text.count
        for index in first..<text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "."), point == text.count {
                point = index
            } else if byte < 0x30 || byte > 0x39 {
                return false
            }
        }
        let scale = max(text.count - point - 1, 0)
        let whole = point - first
        guard whole + scale > 0, scale <= largestScale, whole <= 131_072 else { return false }

        // Groups count from the point in both directions; the outermost are filled with zeros.
        let groupsBefore = (whole + 3) / 4
        let groupsAfter = (scale + 3) / 4
        let head = writer.count
        appendHead(count: 0, weight: 0, sign: sign, scale: scale, to: &writer)
        var weight = groupsBefore - 1
        var kept = 0
        var keptUpToLastNonzero = 0
        for index in 0..<(groupsBefore + groupsAfter) {
            var group: UInt16 = 0
            let start =
                index < groupsBefore
                ? point - 4 * (groupsBefore - index) : point + 1 + 4 * (index - groupsBefore)
            let limit = index < groupsBefore ? point : text.count
            for place in start..<start + 4 {
                let digit = place >= first && place < limit ? text[place] &- 0x30 : 0
                group = group * 10 + UInt16(digit)
            }
            // Neither zeros in front nor zeros behind are kept.
            if kept == 0, group == 0 {
                weight -= 1
                continue
            }
            writer.appendBigEndian(group)
            kept += 1
            if group != 0 { keptUpToLastNonzero = kept }
        }
        writer.truncate(to: head + 8 + 2 * keptUpToLastNonzero)
        if keptUpToLastNonzero == 0 {
            // There is no negative zero.
            writer.truncate(to: head)
            appendHead(count: 0, weight: 0, sign: 0, scale: scale, to: &writer)
        } else {
            writer.overwriteBigEndian(UInt16(keptUpToLastNonzero), at: head)
            writer.overwriteBigEndian(Int16(weight), at: head + 2)
        }
        return true
    }

    private static func appendHead(count: Int, weight: Int, sign: UInt16, scale: Int, to writer: inout ByteWriter) {
        writer.appendBigEndian(UInt16(count))
        writer.appendBigEndian(Int16(weight))
        writer.appendBigEndian(sign)
        writer.appendBigEndian(UInt16(scale))
    }

    private static func special(_ text: UnsafeBufferPointer<UInt8>) -> UInt16? {
        guard let last = text.last, last > 0x39 else { return nil }
        let words: [(StaticString, UInt16)] = [
            ("NaN", notANumber), ("Infinity", infinity), ("-Infinity", negativeInfinity),
        ]
        for (word, sign) in words {
            let bytes = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
            if text.elementsEqual(bytes) { return sign }
        }
        return nil
    }
}
