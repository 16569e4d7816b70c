/// The table of the PostgreSQL benchmarks, rows of about 225 bytes, and what is done to it, by the server itself.
enum PostgresItems {
    static let table = """
        CREATE TABLE items (id bigint PRIMARY KEY, tenant int, name text, price numeric(12,2), attrs jsonb,
            updated_at timestamptz);
        CREATE TABLE marker (id int PRIMARY KEY, n bigint);
        """

    private static let columns = """
        (g % 1000)::int, 'item ' || g || ' ' || md5(g::text) || md5((g + 1)::text),
            ((g % 1000000) / 100.0)::numeric(12,2),
            jsonb_build_object('colour', 'shade ' || g % 37, 'size', g % 50, 'note', md5((g + 2)::text)),
            '2026-01-01'::timestamptz + g * interval '1 second'
        """

    /// Rows with the ids from 1 on, as one statement makes them.
    static func fill(_ count: Int) -> String {
        "INSERT INTO items SELECT g, \(columns) FROM generate_series(1, \(count)) g; INSERT INTO marker VALUES (1, 0);"
            + " ANALYZE items;"
    }

    /// Work that is waiting for a reader when it comes: `count` changes on a table of `rows` rows.
    enum Work: CaseIterable {
        case inserts, spread, hot, small

        var name: String {
            switch self {
            case .inserts: "inserts, 100 a transaction"
            case .spread: "updates spread over as many rows, 100 a transaction"
            case .hot: "updates of 1,000 hot rows, 100 a transaction"
            case .small: "one-row transactions, 70/20/10"
            }
        }

        var aim: Double {
            switch self {
            case .inserts: 1.0
            case .spread, .small: 1.4
            case .hot: 2.0
            }
        }

        /// Changes of one run, out of the size that was asked for.
        func count(_ rows: Int) -> Int { self == .small ? rows * 3 / 10 : rows / 2 }

        /// Rows that the table has before.
        func rowsBefore(_ count: Int) -> Int { self == .inserts ? 0 : count }

        /// - Parameters:
        ///   - offset: The work begins behind the row with that id.
        ///   - difference: What updates add to the price; two that differ in it write different values.
        func script(_ count: Int, after offset: Int = 0, adding difference: Int = 1) -> String {
            // How durable the source is while the backlog is made is not what is measured.
            """
            SET synchronous_commit = off;
            CREATE PROCEDURE work() LANGUAGE plpgsql AS $$
            DECLARE n bigint; d double precision;
            BEGIN
                PERFORM setseed(0.5);
                FOR n IN 0..\(self == .small ? count - 1 : count / 100 - 1) LOOP
                    \(step(count, after: offset, adding: difference))
                    COMMIT;
                END LOOP;
                UPDATE marker SET n = \(count);
            END $$;
            CALL work();
            DROP PROCEDURE work();
            """
        }

        private func step(_ count: Int, after offset: Int, adding difference: Int) -> String {
            let change =
                "price = price + \(difference), attrs = attrs || '{\"seen\": true}', updated_at = clock_timestamp()"
            switch self {
            case .inserts:
                return
                    "INSERT INTO items SELECT g, \(columns) FROM generate_series(\(offset) + n * 100 + 1, \(offset) + n * 100 + 100) g;"
            case .spread:
                // 7919 is prime, so that every row is met once, far from the one before it.
                return "UPDATE items SET \(change) WHERE id = ANY (ARRAY(SELECT "
                    + "(g * 7919::bigint) % \(count) + 1 + \(offset) FROM generate_series(n * 100, n * 100 + 99) g));"
            case .hot:
                return "UPDATE items SET \(change) WHERE id = ANY (ARRAY(SELECT "
                    + "(g * 37) % 1000 + 1 + \(offset) FROM generate_series(n * 100, n * 100 + 99) g));"
            case .small:
                return """
                    d := random();
                    IF d < 0.7 THEN
                        INSERT INTO items SELECT g, \(columns) FROM generate_series(\(offset + count) + n, \(offset + count) + n) g;
                    ELSIF d < 0.9 THEN
                        UPDATE items SET \(change) WHERE id = (n * 7919::bigint) % \(count) + 1 + \(offset);
                    ELSE
                        DELETE FROM items WHERE id = (n * 7919::bigint) % \(count) + 1 + \(offset);
                    END IF;
                    """
            }
        }
    }
}
