import TallyModel

/// A kind of store that this binary knows: what its configuration holds and how one is made.
///
/// Another kind is another file like `StoreKind+SQLite.swift` and one more entry in ``all``.
struct StoreKind: Sendable {
    /// One key beside `kind`.
    struct Setting: Sendable {
        enum Form: Sendable {
            case text
            /// A path, relative to the configuration file's folder.
            case path
        }

        var key: String
        var form: Form
        /// What to write where it is missing; `nil` for a key that can be left out.
        var remedy: String?
    }

    /// The word after `kind:`.
    let name: String
    let settings: [Setting]
    /// What is wrong with settings that are all there: which key, and what to write instead; `nil` when they will do.
    var problem: @Sendable ([String: String]) -> (key: String, message: String)? = { _ in nil }
    let open: @Sendable (StoreConfiguration, MilestoneObserver?) -> any Store

    static let all: [StoreKind] = [.sqlite, .postgres]
}
