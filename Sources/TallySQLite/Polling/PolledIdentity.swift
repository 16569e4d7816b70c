import Foundation
import SQLite
import TallyModel

/// Settles who a polled file is: by the identity kept in it, or, where nothing can be written, by where it is.
enum PolledIdentity {
    /// Makes and keeps an identity in the file where it has none and can be written, and the flow's name beside it so
    /// that the last flow to go takes it along. Writes nothing else, ever.
    ///
    /// A file that cannot be written is known by its path, its text encoding and its `application_id`. That does not tell
    /// it from another file put in its place, so an identity in the file is preferred; but a flow that began with the one
    /// goes on with it when the file becomes writable.
    ///
    /// - Throws: ``StoreError`` with `sourceReplaced` when the checkpoint speaks of another file.
    static func settle(
        _ connection: Connection,
        flow: String,
        checkpoint: Checkpoint?,
        _ observer: MilestoneObserver?
    ) throws -> String {
        if let checkpoint {
            try verify(checkpoint, in: connection)
            return checkpoint.sourceID
        }
        let kept = try StoreIdentity.read(in: connection)
        if let kept, try PolledReaders.contains(flow, in: connection) { return kept }
        do {
            return try connection.transaction {
                let made = try StoreIdentity.ensure(in: connection)
                try PolledReaders.add(flow, in: connection)
                observer?(.captureInstalling)
                return made
            }
        } catch let error as StoreError where (error.cause as? SQLiteError)?.refusesWriting ?? false {
            return try kept ?? derive(connection)
        }
    }

    /// - Throws: ``StoreError`` with `sourceReplaced` when the checkpoint speaks of another file.
    static func verify(_ checkpoint: Checkpoint, in connection: Connection) throws {
        let known = [try StoreIdentity.read(in: connection), try derive(connection)]
        if known.contains(checkpoint.sourceID) { return }
        throw StoreError(
            .sourceReplaced,
            "\(connection.path) is not the file that was read before",
            remedy: .putBackOrBeginAgain
        )
    }

    private static func derive(_ connection: Connection) throws -> String {
        var hash = StableHash()
        hash.combine(URL(fileURLWithPath: connection.path).resolvingSymlinksInPath().path.utf8)
        for pragma in ["encoding", "application_id"] {
            if let value = try connection.first("PRAGMA \(pragma)")?.first { hash.combine(value) }
        }
        return "path-" + String(hash.value, radix: 16)
    }
}

extension SQLiteError {
    /// Whether the file, its folder or its file system takes no writes: `SQLITE_PERM`, `SQLITE_READONLY`,
    /// `SQLITE_CANTOPEN` (of a journal), `SQLITE_AUTH`.
    fileprivate var refusesWriting: Bool { [3, 8, 14, 23].contains(primary) }
}
