import SQLite
import Testing
import TallyModel
import TallySQLite

@Suite("Polling under random writes", .timeLimit(.minutes(15)))
struct PolledFuzzTests {
    @Test("a replica fed by polls equals the table, across restarts", arguments: 1...12)
    func replicaAgrees(seed: UInt64) async throws {
        var random = Seeded(seed: seed)
        let isTimed = seed % 2 == 0
        let file = try PolledFile(
            """
            PRAGMA journal_mode = \(seed % 3 == 0 ? "WAL" : "DELETE");
            CREATE TABLE t(a TEXT, b, note, c, gone, PRIMARY KEY (a, b)); CREATE INDEX t_c ON t(c);
            """
        )
        let settings: CaptureSettings =
            isTimed ? .stamped("c", softDelete: "gone") : Self.versioned(softDelete: "gone")
        let writer = try Connection(path: file.path, access: .readWrite)
        var replica = Replica()
        var session = try await file.open(settings)
        var checkpoint = Checkpoint(sourceID: await session.sourceID, position: await session.start)
        var tick: Int64 = 100
        for _ in 0..<40 {
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                tick += Int64.random(in: 0...4, using: &random)
                let late = tick - Int64.random(in: 0...8, using: &random)
                try Self.write(writer, at: isTimed ? Self.time(late) : .integer(late), &random)
            }
            let polled = try await Polled(session)
            replica.apply(polled)
            checkpoint.position = polled.end
            if Int.random(in: 0..<6, using: &random) == 0 {
                await session.close()
                try Self.write(writer, at: isTimed ? Self.time(tick) : .integer(tick), &random)
                session = try await file.open(settings, from: checkpoint)
            }
        }
        replica.apply(try await Polled(session))
        await session.close()
        let expected = try Connection(path: file.path, access: .readOnly).all("SELECT * FROM t WHERE gone IS NOT 1")
        #expect(replica.rows.count == expected.count, "seed \(seed)")
        #expect(Set(replica.rows.values) == Set(expected.map { Row($0) }), "seed \(seed)")
    }

    private static func versioned(softDelete: String) -> CaptureSettings {
        var settings = CaptureSettings.versioned("c", overlap: 12)
        settings.softDelete = softDelete
        return settings
    }

    /// Seconds after 2026-11-21 09:00:00, with fractions now and then.
    private static func time(_ second: Int64) -> Value {
        let time = Value.timestamp(microseconds: 1_795_251_600_000_000 + second * 1_000_000, isZoned: false)
        guard case .text(let text)? = time.scalar else { return .null }
        return .text(text + (second % 3 == 0 ? ".5" : ""))
    }

    private static func write(_ writer: Connection, at cursor: Value, _ random: inout Seeded) throws {
        let notes: [Value] = [
            .null, .text(""), .text("é"), .text("e\u{301}"), .integer(.max), .real(.infinity), .bytes([0, 1]),
            .other(OtherValue(typeName: OtherValue.malformedText, bytes: [0xff])),
        ]
        let gone: Value = Int.random(in: 0..<5, using: &random) == 0 ? .integer(1) : .integer(0)
        try writer.run(
            """
            INSERT INTO t VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET note = excluded.note, c = excluded.c, gone = excluded.gone
            """,
            .text(["a", "b", "ü"].randomElement(using: &random)!),
            [.integer(1), .integer(2), .text("1"), .real(2.5)].randomElement(using: &random)!,
            notes.randomElement(using: &random)!,
            cursor,
            gone
        )
    }

    private struct Replica {
        var rows: [Row: Row] = [:]

        mutating func apply(_ polled: Polled) {
            for (table, change) in polled.changes {
                rows[change.row.picking(table.key)] = change.operation == .delete ? nil : change.row
            }
        }
    }
}

/// SplitMix64 (https://prng.di.unimi.it/splitmix64.c).
private struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
