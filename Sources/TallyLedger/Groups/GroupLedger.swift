import Foundation
import SQLite
import TallyMerge
public import TallyModel

/// What a node remembers of one group: members, rows with their versions, entries, conflicts. One SQLite file, in WAL
/// mode, synchronised with the disk at every commit.
///
/// Belongs to one isolation domain at a time, as its connection does. Others may read the file meanwhile through a
/// ``GroupLedger`` of their own, opened for reading.
public final class GroupLedger {
    public let path: String
    let connection: Connection
    /// The number of the last row of `version` as of the entry that is being written.
    var lastVersion: Int64 = 0
    /// How many rows of the entry that is being written its author is sent.
    var returned = 0
    /// Within a transaction, in which nobody else writes: the greatest key of each table that was asked for, or one beyond it.
    var greatest: [Int: [UInt8]]?
    /// The statements that are run for every row.
    var statements = Statements()
    /// The last entry that was written, and its fingerprint; `nil` where this opening has written none.
    var lastEntry: (sequence: UInt64, fingerprint: Int64)?
    /// What this opening signs the entries that it writes with, once it has written one.
    var epoch: UInt32?

    /// Opens the ledger of `group` at `path`, or makes one there, for the eyes of its owner alone.
    ///
    /// - Throws: ``StoreError`` with code `damaged` for a file that is no such ledger or no longer a whole one, and
    ///   `unsupported` for one that a newer Tally has written. Neither is touched.
    public init(path: String, group: String, clock: WallClock = Ledger.systemClock) throws {
        self.path = path
        try LedgerFile.prepare(at: path)
        do {
            connection = try Connection(path: path, access: .readWrite)
            try connection.execute("PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -40960")
            try GroupMigration.verify(connection, group: group)
            _ = try connection.first("PRAGMA journal_mode = WAL")
            try connection.execute("PRAGMA wal_autocheckpoint = 16000")
            try GroupMigration.apply(to: connection, group: group, at: clock())
            // A number is not given again, even where the last row was forgotten.
            lastVersion =
                try connection.first(
                    "SELECT max(ifnull((SELECT max(id) FROM version), 0), (SELECT compacted FROM ledger))"
                )?.first?.integer ?? 0
        } catch {
            throw Self.explained(error, path)
        }
    }

    /// Opens the ledger for reading beside whoever writes it; `nil` where there is none. One that an older Tally wrote is first
    /// brought to today's format.
    public init?(readingAt path: String, group: String) throws {
        guard LedgerFile.exists(at: path) else { return nil }
        self.path = path
        do {
            var connection = try Connection(path: path, access: .readOnly)
            try GroupMigration.verify(connection, group: group)
            if try GroupMigration.isOlder(connection) {
                connection.close()
                try GroupLedger(path: path, group: group).close()
                connection = try Connection(path: path, access: .readOnly)
            }
            self.connection = connection
            try connection.execute("PRAGMA cache_size = -2048")
            guard try connection.first("SELECT 1 FROM sqlite_schema WHERE name = 'member'") != nil else { return nil }
        } catch {
            throw Self.explained(error, path)
        }
    }

    public func close() {
        statements = Statements()
        connection.close()
    }

    /// Removes what a process that ended in the middle of a large transaction has left beside the ledger. For the one who
    /// writes it.
    public func removeScratch() throws { try ScratchFile.removeAll(of: path) }

    /// The ledger's own identity: what members' checkpoints name as their source.
    public func identity() throws -> String {
        guard let id = try connection.first("SELECT id FROM ledger")?.first?.string else {
            throw GroupMigration.damaged(path, "it does not name itself")
        }
        return id
    }

    /// How much room the ledger takes on the disk.
    public var byteCount: Int { LedgerFile.size(of: path) + LedgerFile.size(of: path + "-wal") }

    /// Runs `body` as one transaction, durable when this returns.
    public func writing<Result>(_ body: () throws -> Result) throws -> Result {
        let (version, entry, formerEpoch) = (lastVersion, lastEntry, epoch)
        (returned, greatest) = (0, [:])
        defer { greatest = nil }
        do {
            return try connection.transaction(.immediate, body)
        } catch {
            (lastVersion, lastEntry, epoch) = (version, entry, formerEpoch)
            throw Self.explained(error, path)
        }
    }

    /// Runs `body` on one snapshot.
    public func reading<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try connection.transaction(.deferred, body)
        } catch {
            throw Self.explained(error, path)
        }
    }

    /// The group whose ledger is at `path`.
    static func group(at path: String) -> String {
        let name = (path as NSString).lastPathComponent
        return name.hasSuffix(".db") ? String(name.dropLast(3)) : name
    }

    private static func explained(_ error: any Error, _ path: String) -> any Error {
        guard let error = error as? StoreError, error.code == .damaged, error.cause is SQLiteError else { return error }
        return GroupMigration.damaged(path, "\(error.cause!)", cause: error)
    }
}

extension Value {
    /// The whole number that the value is; `nil` for every other kind.
    var integer: Int64? {
        if case .integer(let integer) = self { integer } else { nil }
    }

    var blob: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }
}
