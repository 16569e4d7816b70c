import Foundation

/// Random numbers that a seed brings back (SplitMix64, https://prng.di.unimi.it/splitmix64.c).
struct CaptureDice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func one<Element>(of choices: [Element]) -> Element { choices.randomElement(using: &self)! }

    mutating func happens(oneIn count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}

/// A table with everything that makes capture hard, and what to write to it.
struct HardTable {
    let name: String
    let schema: String
    /// The key, as SQL.
    let key: [String]
    /// What to select to compare; the key's hidden column at the end where there is one.
    var columns = "*"
    /// The columns that statements write.
    let written: [String]
    /// Values for any column, few enough to collide.
    var values = ["1", "2", "3", "4", "5", "6", "'x'", "'X'", "'y'", "NULL", "2.5"]

    static let all = [
        HardTable(
            name: "u",
            schema: "CREATE TABLE u(id INTEGER PRIMARY KEY, a UNIQUE, b, c, UNIQUE(b, c));",
            key: ["id"],
            written: ["id", "a", "b", "c"]
        ),
        HardTable(
            name: "w",
            schema: """
                CREATE TABLE w(k TEXT, n INT, v, PRIMARY KEY (k, n)) WITHOUT ROWID;
                CREATE UNIQUE INDEX wv ON w(lower(v)) WHERE n > 2;
                """,
            key: ["k", "n"],
            written: ["k", "n", "v"]
        ),
        HardTable(
            name: "hidden",
            schema: "CREATE TABLE hidden(a, b); CREATE UNIQUE INDEX ha ON hidden(a, b);",
            key: ["rowid"],
            columns: "*, rowid",
            written: ["rowid", "a", "b"],
            values: ["1", "2", "3", "4", "5", "6"]
        ),
        HardTable(
            name: "rewritten",
            schema: """
                CREATE TABLE rewritten(id INTEGER PRIMARY KEY, a, b UNIQUE, stamp INT DEFAULT 0);
                CREATE TRIGGER stamping AFTER UPDATE OF a ON rewritten BEGIN
                    UPDATE rewritten SET stamp = stamp + 1 WHERE id = NEW.id; END;
                CREATE TRIGGER filling AFTER INSERT ON rewritten WHEN NEW.a = 2 BEGIN
                    UPDATE rewritten SET a = 3 WHERE id = NEW.id; END;
                CREATE TRIGGER keeping AFTER DELETE ON rewritten WHEN OLD.a = 4 BEGIN
                    INSERT OR IGNORE INTO rewritten VALUES (OLD.id, 5, OLD.b, 0); END;
                CREATE TRIGGER going AFTER INSERT ON rewritten WHEN NEW.a = 6 BEGIN
                    DELETE FROM rewritten WHERE id = NEW.id; END;
                CREATE TRIGGER ahead BEFORE INSERT ON rewritten WHEN NEW.a = 1 BEGIN
                    REPLACE INTO rewritten VALUES (coalesce(NEW.id, 0) + 10, 5, NEW.b, 9); END;
                """,
            key: ["id"],
            written: ["id", "a", "b"]
        ),
        HardTable(
            name: "tree",
            schema: """
                CREATE TABLE tree(id INTEGER PRIMARY KEY, up INT UNIQUE REFERENCES tree(id)
                    ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, a);
                """,
            key: ["id"],
            written: ["id", "up", "a"],
            values: ["1", "2", "3", "4", "5", "6", "NULL"]
        ),
        HardTable(
            name: "later",
            schema: """
                CREATE TABLE later(id INTEGER PRIMARY KEY, a, b UNIQUE, stamp INT DEFAULT 0);
                CREATE TRIGGER "stamping later" AFTER UPDATE OF a ON later BEGIN
                    UPDATE OR REPLACE later SET stamp = stamp + 1, b = a WHERE id = NEW.id; END;
                CREATE TRIGGER [keeping later] AFTER DELETE ON later WHEN OLD.a = 4 BEGIN
                    INSERT OR REPLACE INTO later VALUES (OLD.id, 5, OLD.b, 0); END;
                CREATE TRIGGER going_later after INSERT ON later WHEN NEW.a = 6 BEGIN
                    DELETE FROM later WHERE id = NEW.id OR b = 2; END;
                """,
            key: ["id"],
            written: ["id", "a", "b"]
        ),
        HardTable(
            name: "cased",
            schema: "CREATE TABLE cased(k TEXT COLLATE NOCASE PRIMARY KEY, v UNIQUE) WITHOUT ROWID;",
            key: ["k"],
            written: ["k", "v"],
            values: ["'a'", "'A'", "'b'", "'B'", "'c'", "'C'"]
        ),
        HardTable(
            name: "stamped",
            schema: """
                CREATE TABLE stamped(k TEXT COLLATE NOCASE PRIMARY KEY, v, stamp INT DEFAULT 0) WITHOUT ROWID;
                CREATE TRIGGER stamped_now AFTER UPDATE OF v ON stamped BEGIN
                    UPDATE stamped SET stamp = stamp + 1 WHERE k = NEW.k; END;
                """,
            key: ["k"],
            written: ["k", "v"],
            values: ["'a'", "'A'", "'b'", "'B'", "'c'", "'C'"]
        ),
        HardTable(
            name: "folded",
            schema:
                "CREATE TABLE folded(id INTEGER PRIMARY KEY, k TEXT COLLATE NOCASE UNIQUE ON CONFLICT REPLACE, t TEXT);",
            key: ["id"],
            written: ["id", "k", "t"]
        ),
    ]

    /// A statement that may well fail.
    func statement(_ dice: inout CaptureDice) -> String {
        let table = name
        func value() -> String { dice.one(of: values) }
        func row() -> String { "(" + written.map { _ in value() }.joined(separator: ", ") + ")" }
        let conflict = dice.one(of: ["", "", "OR REPLACE", "OR REPLACE", "OR IGNORE", "OR FAIL", "OR ROLLBACK"])
        let column = dice.one(of: written)
        let into = "INTO \(table)(\(written.joined(separator: ", ")))"
        switch Int.random(in: 0..<10, using: &dice) {
        case 0...2: return "INSERT \(conflict) \(into) VALUES \(row())"
        case 3: return "INSERT \(conflict) \(into) VALUES \(row()), \(row()), \(row())"
        case 4: return "INSERT \(into) VALUES \(row()) ON CONFLICT DO UPDATE SET \(column) = \(value())"
        case 5, 6:
            return "UPDATE \(conflict) \(table) SET \(column) = \(value()) WHERE \(dice.one(of: written)) = \(value())"
        case 7: return "UPDATE \(conflict) \(table) SET \(column) = \(key[0]) + \(Int.random(in: -2...3, using: &dice))"
        case 8: return "DELETE FROM \(table) WHERE \(dice.one(of: written)) = \(value())"
        default:
            return
                "INSERT \(conflict) \(into) SELECT \(written.map { $0 == key[0] ? "\($0) + 1" : $0 }.joined(separator: ", ")) FROM \(table) LIMIT 2"
        }
    }
}
