import TallyHarness
import Testing

/// Transforms as a user writes them, through the whole program.
@Suite(.timeLimit(.minutes(15)))
struct TransformTests {
    @Test
    func filtersComputesDropsRenamesAndRoutes() async throws {
        let site = try Site(
            flow: """
                transform:
                  customers:
                    where: "country <> 'XX'"
                    set: { email: "sha256(email)", phone: "redact(phone, 2)" }
                    drop: [notes]
                    rename: { name: full_name }
                    table: people
                """
        )
        try await site.source.run(
            """
            CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, phone TEXT, country TEXT, notes TEXT);
            INSERT INTO customers VALUES (1, 'Zoë', 'abc', '12345', 'CZ', 'secret'), (2, 'Ivo', 'x', '1', 'XX', 'secret');
            """
        )
        try await site.syncOnce()
        let columns = "SELECT group_concat(name, ' ') FROM pragma_table_info('people');"
        #expect(try await site.target.run(columns) == "id full_name email phone country")
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(try await site.target.run("SELECT * FROM people;") == "1|Zoë|\(hash)|***45|CZ")

        // One starts to match, one stops.
        try await site.source.run("UPDATE customers SET country = 'DE' WHERE id = 2;")
        try await site.source.run("UPDATE customers SET country = 'XX' WHERE id = 1;")
        try await site.syncOnce()
        #expect(try await site.target.run("SELECT id, country FROM people;") == "2|DE")
    }

    @Test
    func aRowWhoseExpressionFailsIsADeadLetterAndTheOthersGoOn() async throws {
        let site = try Site(flow: "transform: { t: { set: { v: \"json_extract(v, '$.a')\" } } }")
        try await site.source.run(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, '{\"a\": 5}'), (2, 'PRIVATE'), (3, '{}');"
        )
        let answer = try await site.run("run", "--once")
        #expect(answer.exitCode == 1)
        #expect(try await site.target.run("SELECT id, v FROM t ORDER BY id;") == "1|5\n3|")
        let letters = try await site.run("dead-letters", "list")
        #expect(letters.output.contains("json_extract"), "\(letters.text)")
        #expect(!letters.text.contains("PRIVATE"), "no value of a row is ever shown unasked")
        #expect(!answer.text.contains("PRIVATE"))
    }
}
