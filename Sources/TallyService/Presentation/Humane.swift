package import Foundation

/// Numbers, spans and moments as people read them.
package enum Humane {
    /// `1,234,567`.
    package static func count(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { grouped.append(",") }
            grouped.append(digit)
        }
        return number < 0 ? "-" + grouped : grouped
    }

    /// `3 dead letters`, `1 dead letter`.
    package static func count(_ number: Int, _ noun: String) -> String {
        "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// `850 ms`, `1.2 s`, `3 m 20 s`, `2 h 5 m`, `3 d 4 h`.
    package static func span(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "ages" }
        let seconds = max(0, seconds)
        if seconds > 0, seconds < 0.0005 { return "< 1 ms" }
        if seconds < 0.9995 { return "\(Int((seconds * 1000).rounded())) ms" }
        let tenths = Int((seconds * 10).rounded())
        if tenths < 600 { return "\(tenths / 10).\(tenths % 10) s" }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return "\(whole / 60) m \(whole % 60) s" }
        if whole < 86_400 { return "\(whole / 3600) h \(whole / 60 % 60) m" }
        return "\(whole / 86_400) d \(whole / 3600 % 24) h"
    }

    /// `+3 ms`, `-2 m 5 s`: how far something is ahead of or behind something else.
    package static func offset(seconds: Double) -> String {
        let sign = seconds < 0 ? "-" : "+"
        return abs(seconds) < 0.0005 ? "0 ms" : sign + span(seconds: abs(seconds))
    }

    /// `1,200/s`; below ten with one decimal, so that little is told from nothing.
    package static func rate(_ perSecond: Double) -> String {
        guard perSecond.isFinite, perSecond < 1e15 else { return "?/s" }
        let perSecond = max(0, perSecond)
        if perSecond > 0, perSecond < 9.95 {
            let tenths = max(1, Int((perSecond * 10).rounded()))
            return "\(tenths / 10).\(tenths % 10)/s"
        }
        return "\(count(Int(perSecond.rounded())))/s"
    }

    /// A share in whole percent, rounded down: 100 only where all is there.
    package static func percent(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "100 %" }
        return "\(min(100, Int(Double(part) / Double(whole) * 100))) %"
    }

    /// `2023-11-14 22:13:20 UTC`; 1970 is the time of rows that a comparison found, which nobody knows.
    package static func moment(_ date: Date) -> String {
        if date.timeIntervalSince1970 == 0 { return "not known" }
        let style = Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZoneSeparator: .omitted, timeZone: .gmt)
        return String(date.formatted(style).prefix(19)) + " UTC"
    }

    /// The text with what would steer a terminal made visible: names and messages come from stores.
    package static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
        return String(result)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
    }
}
