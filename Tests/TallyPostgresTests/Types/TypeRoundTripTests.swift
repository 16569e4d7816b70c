import TallyModel
import TallyPostgres
import Testing

@Suite("Values of the server's types", .timeLimit(.minutes(15)))
struct TypeRoundTripTests {
    @Test("come back to the server as psql shows them, whichever form they were read and written in")
    func everyType() async throws {
        try await TypeServer.with { server in
            let kinds = ["original", "binary", "text", "arrays"]
            var script = TypeSamples.preparation
            for (number, sample) in TypeSamples.all.enumerated() {
                for kind in kinds {
                    script += "CREATE TABLE \(kind)_\(number) (id int PRIMARY KEY, v \(sample.type));\n"
                }
                let values = (sample.values + ["NULL"]).enumerated().map { "(\($0), \($1))" }
                script += "INSERT INTO original_\(number) VALUES \(values.joined(separator: ", "));\n"
            }
            try await server.psql(script)
            for (number, sample) in TypeSamples.all.enumerated() { try copy(sample, number, server) }

            let queries = TypeSamples.all.indices.flatMap { number in
                kinds.map { "SELECT * FROM \($0)_\(number) ORDER BY id" }
            }
            let shown = try await server.psql(each: queries)
            #expect(shown.count == queries.count)
            for (number, sample) in TypeSamples.all.enumerated() {
                let found = shown[(number * 4)..<(number * 4 + 4)]
                #expect(found.first?.contains("|") == true, "\(sample.type)")
                #expect(Set(found).count == 1, "\(sample.type): \(found)")
            }
        }
    }

    /// From the table of the originals into the others, each in its way.
    private func copy(_ sample: TypeSamples, _ number: Int, _ server: TypeServer) throws {
        let columns = try server.columns(of: "original_\(number)")
        let rows = try server.rows(of: "original_\(number)", .text)
        #expect(rows.count == sample.values.count + 1, "\(sample.type)")
        if columns[1].shape.hasBinaryForm {
            let binary = try server.rows(of: "original_\(number)", .binary)
            // By their bytes, because a NaN equals nothing.
            #expect(binary.map(RowCoding.encode) == rows.map(RowCoding.encode), "\(sample.type)")
        }
        var buffer = CopyBuffer(columns: columns)
        #expect(buffer.fill(rows.count) { rows[$0] }.isEmpty, "\(sample.type)")
        try server.copyIn(buffer, to: "binary_\(number)")
        try server.copyIn(rows, to: "text_\(number)", .text)
        try server.insertArrays(rows, to: "arrays_\(number)")
    }

    @Test("are what the glossary calls them")
    func cases() async throws {
        try await TypeServer.with { server in
            try await server.psql(
                """
                CREATE TABLE t (id int PRIMARY KEY, b boolean, n numeric(12,2), r real, x bytea, d date, ts timestamp,
                    tz timestamptz, i interval, u uuid, j jsonb, a int[], o inet, c time, s varchar(9));
                INSERT INTO t VALUES (1, true, 12.5, 0.5, '\\x00ff', '1969-12-31', '1970-01-01 00:00:00.000001',
                    '1970-01-01 02:00+01', '1 year 1 day -1 second', '00000000-0000-0001-8000-000000000002', '{"a":1}',
                    '{{1,NULL},{3,4}}', '10.0.0.1', '24:00', 'é');
                """
            )
            let expected = Row([
                .integer(1), .boolean(true), .decimal("12.50"), .real(0.5), .bytes([0, 255]), .date(days: -1),
                .timestamp(microseconds: 1, isZoned: false), .timestamp(microseconds: 3_600_000_000, isZoned: true),
                .interval(Interval(months: 12, days: 1, microseconds: -1_000_000)),
                .uuid(high: 1, low: 0x8000_0000_0000_0002), .json("{\"a\": 1}"),
                .array([.array([.integer(1), .null]), .array([.integer(3), .integer(4)])]),
                .other(OtherValue(typeName: "inet", bytes: Array("10.0.0.1".utf8))),
                .time(microseconds: 86_400_000_000),
                .text("é"),
            ])
            #expect(try server.rows(of: "t", .text) == [expected])
            try await server.psql("ALTER TABLE t DROP o")
            var without = expected
            without.values.remove(at: 12)
            #expect(try server.rows(of: "t", .binary) == [without])
        }
    }
}
