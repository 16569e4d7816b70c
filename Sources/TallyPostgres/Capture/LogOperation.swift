/// What a row of the log speaks of.
enum LogOperation {
    /// No change: only a place for positions to point at.
    static let anchor: Character = "a"

    case insert, update, delete, truncate

    /// - Parameter letter: A small one, or a capital where a trigger or a foreign key's action made the change.
    init?(letter: UInt8) {
        switch letter | 0x20 {
        case 0x69: self = .insert
        case 0x75: self = .update
        case 0x64: self = .delete
        case 0x74: self = .truncate
        default: return nil
        }
    }

    /// Whether the change was made while another statement was at work. That one's own changes of the same row are
    /// captured after it, though they came before.
    static func isNested(_ letter: UInt8) -> Bool { letter & 0x20 == 0 }
}
