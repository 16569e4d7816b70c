import Foundation

/// What `--json` prints.
package enum JSONText {
    package static func of(_ value: some Encodable) throws -> String {
        String(decoding: try ControlCoding.encode(value, formatting: .prettyPrinted), as: UTF8.self)
    }
}
