import Foundation
import TallyEngine
import TallyHarness
import TallyTesting
import Testing

/// Real data: the Chinook music shop, from database to database and on into a file.
@Suite(.timeLimit(.minutes(15)))
struct PostgresChinookTests {
    /// Kept beside the repository, not in it.
    private static let path: String? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = root.deletingLastPathComponent().path + "/shared/data/chinook-postgres.sql"
        if FileManager.default.fileExists(atPath: path) { return path }
        print("SKIPPED: the Chinook script is not at \(path)")
        return nil
    }()

    /// The script without its first part, which makes a database of its own.
    private static func script() throws -> String {
        let text = try String(contentsOfFile: try #require(path), encoding: .utf8)
        let marker = "\\c chinook;"
        let start = try #require(text.range(of: marker))
        return String(text[start.upperBound...])
    }

    /// Random rows of random tables changed, copied, removed and given other keys, a few in each transaction. What
    /// breaks a constraint is undone alone, by a sub-transaction.
    private static let shoppers = """
        CREATE SCHEMA shoppers;
        CREATE PROCEDURE shoppers.shop(transactions int, seed float8) LANGUAGE plpgsql AS $$
        DECLARE
            chosen oid; key text; list text; col text; place text; other text; count int;
        BEGIN
            PERFORM setseed(seed);
            FOR i IN 1..transactions LOOP
                FOR j IN 1..1 + floor(random() * 4)::int LOOP
                    SELECT c.oid INTO chosen FROM pg_class c WHERE c.relkind = 'r'
                    AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname
                    OFFSET floor(random() * 11) LIMIT 1;
                    SELECT quote_ident(a.attname) INTO key FROM pg_index x JOIN pg_attribute a
                    ON a.attrelid = chosen AND a.attnum = x.indkey[0] WHERE x.indrelid = chosen AND x.indisprimary;
                    SELECT string_agg(', ' || quote_ident(attname), '' ORDER BY attnum) INTO list FROM pg_attribute
                    WHERE attrelid = chosen AND attnum > 0 AND NOT attisdropped AND quote_ident(attname) <> key;
                    SELECT quote_ident(attname) INTO col FROM pg_attribute
                    WHERE attrelid = chosen AND attnum > 1 AND NOT attisdropped ORDER BY random() LIMIT 1;
                    EXECUTE format('SELECT count(*) FROM %s', chosen::regclass) INTO count;
                    place := format('(SELECT ctid FROM %s ORDER BY %s OFFSET %s LIMIT 1)', chosen::regclass, key, floor(random() * count));
                    other := format('(SELECT %s FROM %s ORDER BY %s OFFSET %s LIMIT 1)', col, chosen::regclass, key, floor(random() * count));
                    BEGIN
                        CASE floor(random() * 10)::int
                        WHEN 0 THEN EXECUTE format('DELETE FROM %s WHERE ctid = %s', chosen::regclass, place);
                        WHEN 1 THEN EXECUTE format('UPDATE %1$s SET %2$s = %2$s + %3$s WHERE ctid = %4$s', chosen::regclass, key, 1 + floor(random() * 5000), place);
                        WHEN 2, 3, 4 THEN EXECUTE format('INSERT INTO %1$s (%2$s%3$s) SELECT %2$s + 7919%3$s FROM %1$s WHERE ctid = %4$s', chosen::regclass, key, list, place);
                        ELSE EXECUTE format('UPDATE %s SET %s = %s WHERE ctid = %s', chosen::regclass, col, other, place);
                        END CASE;
                    EXCEPTION WHEN integrity_constraint_violation THEN NULL;
                    END;
                END LOOP;
                COMMIT;
            END LOOP;
        END $$;
        """

    @Test(.enabled(if: path != nil, "the Chinook script is not in ../shared/data"))
    func chinookIsCopiedWholeAndFollowedThroughRandomChangesIntoASecondDatabaseAndAFile() async throws {
        let seed = SplitMix64.newSeed()
        print("Chinook over PostgreSQL: seed \(seed)")
        let ends = try await PostgresSite()
        let (a, b) = (ends.source, ends.target)
        try await a.psql(try Self.script())
        try await a.psql(Self.shoppers)
        #expect(try await a.tables().count == 11)
        let site = try Site(
            stores: ["a": .postgres(a.url), "b": .postgres(b.url), "c": "c.db"],
            flows: [Site.flow("first", from: "a", to: "b"), Site.flow("second", from: "b", to: "c")]
        )
        let file = SQLiteShell("c.db", in: site.folder)
        let child = try site.start("run")
        // Some of the changes meet the load, the others the stream.
        let half = "CALL shoppers.shop(300, \(Double(seed % 1000) / 1000))"
        try await a.psql(half)
        try await eventually("all is loaded at both ends", each: .milliseconds(100)) {
            let flows = try await site.status()
            return flows.allSatisfy { $0.tables.count == 11 && $0.tables.allSatisfy { $0.phase == .live } }
        }
        try await a.psql(half)
        try await a.psql("INSERT INTO genre VALUES (777777, 'last')")
        try await eventually("the last change is through", each: .milliseconds(100)) {
            try await file.run("SELECT count(*) FROM genre WHERE genre_id = 777777;") == "1"
        }
        try await site.stop(child)
        try await PostgresComparison(a, b).requireAgreement()
        try await requireAgreement(a, file)

        for flow in ["second", "first"] { #expect(try await site.run("remove", flow, "--yes").exitCode == 0) }
        for database in [a, b] { #expect(try await database.tallyObjects() == []) }
    }

    /// Every row, with numbers, dates and texts in the form that both clients print.
    private func requireAgreement(_ database: PostgresDatabase, _ file: SQLiteShell) async throws {
        for table in try await database.tables().map({ $0.replacing("public.", with: "") }) {
            let columns = try await database.lines(
                """
                SELECT attname || '|' || format_type(atttypid, NULL) FROM pg_attribute
                WHERE attrelid = '\(table)'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
                """
            ).map { $0.split(separator: "|").map(String.init) }
            let names = columns.map { $0[0] }
            let here = columns.map { name in
                name[1].hasPrefix("timestamp") ? "to_char(\(name[0]), 'YYYY-MM-DD HH24:MI:SS')" : name[0]
            }
            let there = columns.map { name in name[1].hasPrefix("timestamp") ? "datetime(\(name[0]))" : name[0] }
            let order = (1...names.count).map(String.init).joined(separator: ", ")
            let rows = Set(
                try await database.lines("SELECT \(here.joined(separator: ", ")) FROM \(table) ORDER BY \(order)")
            )
            let others = Set(
                try await file.lines("SELECT \(there.joined(separator: ", ")) FROM \(table) ORDER BY \(order);")
            )
            #expect(rows.count > 0 || table == "playlist_track")
            let difference = rows.symmetricDifference(others)
            if !difference.isEmpty { throw Disagreement(description: "\(table): \(difference.sorted().prefix(6))") }
        }
    }
}
