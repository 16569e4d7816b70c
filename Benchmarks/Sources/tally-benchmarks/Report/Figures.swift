import Foundation

/// Numbers as people read them.
enum Figures {
    static func count(_ number: Int) -> String {
        number % 1_000_000 == 0 ? "\(number / 1_000_000)M" : "\(number / 1000)k"
    }

    static func rate(_ perSecond: Double) -> String { String(format: "%.0fk/s", perSecond / 1000) }

    static func plain(_ number: Double) -> String { String(format: number < 100 ? "%.2f" : "%.0f", number) }
}
