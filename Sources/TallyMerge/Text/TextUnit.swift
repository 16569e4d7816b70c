/// The smallest piece of prose that is inserted or deleted as a whole: a scalar with the marks that belong to it.
///
/// Nearly a grapheme cluster (Unicode Annex 29), but by the ranges below and not by the tables of the standard library:
/// those change from version to version, and all nodes must cut alike, for ever.
struct TextUnit: Sendable, Hashable {
    private var first: UInt32
    /// Mostly empty, and then without memory of its own.
    private var marks: [UInt32] = []

    private init(_ scalar: UInt32) {
        first = scalar
    }

    static func units(of text: String) -> [TextUnit] {
        var units: [TextUnit] = []
        var previous: UInt32 = 0
        // How many regional indicators stand at the end; two of them are a flag.
        var indicators = 0
        for scalar in text.unicodeScalars.lazy.map(\.value) {
            let isIndicator = (0x1f1e6...0x1f1ff).contains(scalar)
            let belongs =
                isMark(scalar) || previous == zeroWidthJoiner || (previous == 0x0d && scalar == 0x0a)
                || (isIndicator && indicators % 2 == 1)
            if belongs, !units.isEmpty {
                units[units.count - 1].marks.append(scalar)
            } else {
                units.append(TextUnit(scalar))
            }
            indicators = isIndicator ? indicators + 1 : 0
            previous = scalar
        }
        return units
    }

    static func text(of units: some Sequence<TextUnit>) -> String {
        var text = ""
        for scalar in units.lazy.flatMap({ [$0.first] + $0.marks }) {
            // Every number here came from a scalar.
            if let scalar = Unicode.Scalar(scalar) { text.unicodeScalars.append(scalar) }
        }
        return text
    }

    private static let zeroWidthJoiner: UInt32 = 0x200d

    private static func isMark(_ scalar: UInt32) -> Bool {
        scalar >= 0x300 && markRanges.contains { $0.contains(scalar) }
    }

    /// Combining marks, joiners, variation selectors, emoji modifiers and tags.
    private static let markRanges: [ClosedRange<UInt32>] = [
        0x0300...0x036f, 0x0483...0x0489, 0x0591...0x05bd, 0x05bf...0x05bf, 0x05c1...0x05c2, 0x05c4...0x05c5,
        0x05c7...0x05c7, 0x0610...0x061a, 0x064b...0x065f, 0x0670...0x0670, 0x06d6...0x06dc, 0x06df...0x06e4,
        0x06e7...0x06e8, 0x06ea...0x06ed, 0x0900...0x0903, 0x093a...0x093c, 0x093e...0x094f, 0x0981...0x0983,
        0x09bc...0x09bc, 0x09be...0x09cd, 0x0b82...0x0b82, 0x0bbe...0x0bcd, 0x0e31...0x0e31, 0x0e34...0x0e3a,
        0x0e47...0x0e4e, 0x1160...0x11ff, 0x1ab0...0x1aff, 0x1dc0...0x1dff, 0x200d...0x200d, 0x20d0...0x20ff,
        0x3099...0x309a, 0xfe00...0xfe0f, 0xfe20...0xfe2f, 0x1f3fb...0x1f3ff, 0xe0020...0xe007f, 0xe0100...0xe01ef,
    ]
}
