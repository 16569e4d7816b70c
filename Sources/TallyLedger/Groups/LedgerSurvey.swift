import Foundation
import SQLite
public import TallyModel

/// What can be said of a group's ledger that may be damaged.
public struct LedgerSurvey: Sendable, Hashable {
    public enum Condition: Sendable, Hashable {
        case missing
        case whole
        /// Why, in words.
        case damaged(String)
    }

    public var condition: Condition
    /// How many conflicts there are in each state; `nil` where that cannot be read.
    public var conflicts: [ConflictRecord.State: Int]?
    /// How many rows constraints keep out of every member, so that the ledger alone has them; `nil` where that cannot be read.
    public var keptOut: Int?
    /// How many entries of history there are; `nil` where that cannot be read.
    public var entries: Int?

    public init(
        condition: Condition,
        conflicts: [ConflictRecord.State: Int]? = nil,
        entries: Int? = nil
    ) {
        self.condition = condition
        self.conflicts = conflicts
        self.entries = entries
    }
}

extension GroupLedger {
    /// Makes sure that no row is in the ledger at `path` alone, before it is given up.
    ///
    /// - Throws: ``StoreError`` where constraints keep rows out of the members. A ledger that cannot be read has none to save.
    public static func requireNothingKeptOut(at path: String, group: String) throws {
        let kept: Int
        do {
            guard let ledger = try GroupLedger(readingAt: path, group: group) else { return }
            defer { ledger.close() }
            kept = try ledger.withheldCount()
        } catch let error as StoreError where error.code == .damaged {
            return
        }
        guard kept > 0 else { return }
        throw StoreError(
            .unsupported,
            "constraints keep \(kept) row\(kept == 1 ? "" : "s") or values of group \(group) out of its members, and the group's ledger "
                + "alone has them: `tally conflicts list --state waiting` shows them; give them other values (`tally conflicts resolve`) or "
                + "change what is in their way, run the group once more, and say it again. Nothing was changed"
        )
    }

    /// Looks at the ledger at `path` without changing it, all of it. Takes as long as reading the file.
    ///
    /// - Throws: ``StoreError`` where it cannot be looked at, or was written by a newer Tally.
    public static func survey(at path: String, group: String) throws -> LedgerSurvey {
        do {
            guard let ledger = try GroupLedger(readingAt: path, group: group) else {
                return LedgerSurvey(condition: .missing)
            }
            defer { ledger.close() }
            var survey = LedgerSurvey(condition: try ledger.condition())
            survey.conflicts = try whatIsLeft { try ledger.conflictCounts() }
            survey.keptOut = try whatIsLeft { try ledger.withheldCount() }
            survey.entries = try whatIsLeft {
                Int(try ledger.connection.first("SELECT count(*) FROM entry")?.first?.integer ?? 0)
            }
            return survey
        } catch let error as StoreError where error.code == .damaged {
            return LedgerSurvey(condition: .damaged(words(for: error)))
        }
    }

    private func condition() throws -> LedgerSurvey.Condition {
        do {
            // One line says what is wrong first; `ok` where nothing is.
            let found = try connection.first("PRAGMA integrity_check(1)")?.first?.string ?? "nothing could be read"
            return found == "ok" ? .whole : .damaged(found.replacing("\n", with: " "))
        } catch let error as StoreError where error.code == .damaged {
            return .damaged(Self.words(for: error))
        }
    }

    private static func words(for error: StoreError) -> String {
        switch error.cause {
        case let cause as StoreError: words(for: cause)
        case let cause as SQLiteError: "\(cause)"
        default: error.message
        }
    }

    private static func whatIsLeft<Result>(_ read: () throws -> Result) throws -> Result? {
        do { return try read() } catch let error as StoreError where error.code == .damaged { return nil }
    }

    /// Keeps the ledger at `path` aside under another name, with what SQLite keeps beside it; cut short, the next call
    /// finishes it. Nobody may have it open.
    ///
    /// - Parameter moment: Part of the name.
    /// - Returns: Where it is now; `nil` where there was none.
    /// - Throws: ``StoreError`` with code `denied` or `unreachable` where it stays.
    public static func setAside(_ path: String, at moment: Timestamp) throws -> String? {
        guard LedgerFile.exists(at: path) else { return nil }
        let stem = path + ".damaged-" + name(of: moment)
        var aside = stem
        var number = 1
        while ["", "-wal", "-shm"].contains(where: { LedgerFile.exists(at: aside + $0) }) {
            number += 1
            aside = "\(stem)-\(number)"
        }
        // The database first: a log without it is nothing to SQLite, a database without its log is an older one.
        for end in ["", "-wal", "-shm"] {
            guard rename(path + end, aside + end) != 0, errno != ENOENT else { continue }
            let code = errno
            throw StoreError(
                [EACCES, EPERM, EROFS].contains(code) ? .denied : .unreachable,
                "\(path + end): could not be renamed: \(String(cString: strerror(code))); check the rights of its folder, "
                    + "and say it again"
            )
        }
        return aside
    }

    /// A moment as part of a file's name, in UTC.
    private static func name(of moment: Timestamp) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "yyyyMMdd'T'HHmmss'Z'"
        return formatter.string(from: Date(timeIntervalSince1970: Double(moment.microseconds) / 1_000_000))
    }
}
