import Foundation
import SQLite
public import TallyMerge
public import TallyModel

/// A member store as its group's ledger knows it.
public struct GroupMember: Sendable, Hashable {
    /// How far a member is on its way into the group.
    public enum Stage: String, Sendable, Hashable {
        /// What it holds is still to be compared with what the group holds.
        case joining
        /// The same, after the member went back to what it once was.
        case restored
        /// The same, after the ledger did: the member has seen all up to its base, and things that the ledger lacks.
        case ahead
        case live
    }

    public var actor: Actor
    public var name: String
    /// The store's own identity, once it was seen.
    public var store: String?
    /// How far the member's own log was taken in; `nil` before its capture was first installed.
    public var position: Position?
    /// The sequence that the member had been brought to there.
    public var base: UInt64
    public var stage: Stage
    /// The sequence that the group was at when the member came with rows of its own, until it has been brought there.
    public var cameAt: UInt64 = 0
    /// What the ledger noted when it took the member up; see ``LedgerPlace/claim``.
    public var claim: String?

    public init(
        actor: Actor,
        name: String,
        store: String? = nil,
        position: Position? = nil,
        base: UInt64 = 0,
        stage: Stage = .joining
    ) {
        self.actor = actor
        self.name = name
        self.store = store
        self.position = position
        self.base = base
        self.stage = stage
    }
}

extension GroupLedger {
    /// The members, in the order in which they were first named.
    public func members() throws -> [GroupMember] {
        try connection.all(
            "SELECT actor, name, store, position, base, stage, came_at, claim FROM member ORDER BY actor"
        ).map { row in
            guard let actor = row[0].integer, let name = row[1].string, let base = row[4].integer,
                let stage = row[5].string.flatMap(GroupMember.Stage.init), let cameAt = row[6].integer
            else { throw GroupMigration.damaged(path, "a member cannot be read") }
            var member = GroupMember(
                actor: Actor(UInt16(truncatingIfNeeded: actor)),
                name: name,
                store: row[2].string,
                position: row[3].string.flatMap(Position.init(encoded:)),
                base: UInt64(base),
                stage: stage
            )
            member.cameAt = UInt64(cameAt)
            member.claim = row[7].string
            return member
        }
    }

    /// Every number that a member has gone by, in the order in which they were given.
    public func authors() throws -> [(actor: Actor, member: String)] {
        try connection.all("SELECT actor, member FROM author ORDER BY actor").compactMap { row in
            guard let actor = row[0].integer, let member = row[1].string else { return nil }
            return (Actor(UInt16(truncatingIfNeeded: actor)), member)
        }
    }

    /// Gives a member a number that nobody had before. 0 is the node itself.
    private func newActor(for member: String) throws -> Int64 {
        let last = try connection.first("SELECT max(actor) FROM author")?.first?.integer ?? 0
        try connection.run("INSERT INTO author (actor, member) VALUES (?, ?)", .integer(last + 1), .text(member))
        return last + 1
    }

    /// Has a member go on under another number: what it wrote so far is no longer its own.
    public func renumber(_ member: GroupMember) throws -> GroupMember {
        var member = member
        let actor = try newActor(for: member.name)
        try forgetCompared(member.actor)
        try forgetKeyNotes(of: member.actor)
        // What it refuses, it refuses under any number.
        for table in ["member", "parked"] {
            try connection.run(
                "UPDATE \(table) SET actor = ? WHERE actor = ?",
                .integer(actor),
                .integer(Int64(member.actor.number))
            )
        }
        member.actor = Actor(UInt16(truncatingIfNeeded: actor))
        return member
    }

    /// Makes members of those named that are none yet, and forgets those that are no longer named.
    public func nameMembers(_ names: [String]) throws {
        let known = try members()
        for member in known where !names.contains(member.name) {
            try connection.run("DELETE FROM member WHERE actor = ?", .integer(Int64(member.actor.number)))
        }
        for name in names where !known.contains(where: { $0.name == name }) {
            try connection.run(
                "INSERT INTO member (actor, name, stage) VALUES (?, ?, ?)",
                .integer(try newActor(for: name)),
                .text(name),
                .text(GroupMember.Stage.joining.rawValue)
            )
        }
    }

    public func save(_ member: GroupMember) throws {
        try connection.run(
            "UPDATE member SET store = ?, position = ?, base = ?, stage = ?, came_at = ?, claim = ? WHERE actor = ?",
            Value(member.store),
            Value(member.position?.encoded),
            .integer(Int64(member.base)),
            .text(member.stage.rawValue),
            .integer(Int64(member.cameAt)),
            Value(member.claim),
            .integer(Int64(member.actor.number))
        )
    }

    /// What the ledger holds, and when each member wrote last.
    public func head() throws -> (sight: Sight, clocks: [Actor: HybridTime]) {
        guard let last = try connection.first("SELECT max(sequence) FROM entry")?.first?.integer else {
            return (Sight(), [:])
        }
        var clocks: [Actor: HybridTime] = [:]
        // An entry's clock is never before that of an earlier one.
        for row in try connection.all("SELECT actor, clock, clock_counter, max(sequence) FROM entry GROUP BY actor") {
            guard let actor = row[0].integer, let clock = row[1].integer, let counter = row[2].integer else { continue }
            clocks[Actor(UInt16(truncatingIfNeeded: actor))] = HybridTime(
                microseconds: clock,
                counter: UInt32(truncatingIfNeeded: counter)
            )
        }
        return (try sight(at: UInt64(last)), clocks)
    }

    // MARK: Tables

    /// The group's tables by number, as they were recorded.
    public func tables() throws -> [TableSchema] {
        try connection.all("SELECT json FROM group_table ORDER BY number").map { row in
            guard let json = row[0].string else { throw GroupMigration.damaged(path, "a table cannot be read") }
            return try JSONDecoder().decode(TableSchema.self, from: Data(json.utf8))
        }
    }

    /// The tables that came into the group at `sequence` or later, and after it began.
    public func tables(since sequence: UInt64) throws -> Set<Int> {
        Set(
            try connection.all(
                "SELECT number FROM group_table WHERE since > 0 AND since >= ?",
                .integer(Int64(sequence))
            ).compactMap { $0[0].integer.map { Int($0) } }
        )
    }

    /// Records a table under a number, or anew under the number that it has.
    ///
    /// - Parameter sequence: Where the group is when the table comes into it.
    public func save(_ schema: TableSchema, number: Int, since sequence: UInt64 = 0) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try connection.run(
            """
            INSERT INTO group_table (number, name, json, since) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (number) DO UPDATE SET name = ?2, json = ?3
            """,
            .integer(Int64(number)),
            .text("\(schema.name)"),
            .text(String(decoding: try encoder.encode(schema), as: UTF8.self)),
            .integer(Int64(sequence))
        )
    }
}
