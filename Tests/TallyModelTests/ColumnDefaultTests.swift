import TallyModel
import Testing

struct ColumnDefaultTests {
    @Test(arguments: [
        "0", "-1.5", "'x'", "'it''s'::text", "(-1)", "'-1'::integer", "('{}'::jsonb)", "NULL::character varying",
        "true",
        "E'a\\'b'", "X'00ff'", "'2024-01-01 00:00:00+00'::timestamp with time zone", "1e-5", "((1))", "(1)::bigint",
        "'a)b'::text", "('a)b')",
    ])
    func aLiteralIsTheSameWhereverItIsEvaluated(expression: String) {
        #expect(Column(id: 1, name: "a", defaultExpression: expression).hasLiteralDefault)
    }

    @Test(arguments: [
        "now()", "CURRENT_TIMESTAMP", "nextval('s'::regclass)", "random()", "1 + 1", "'a' || 'b'", "'s'::regclass",
        "(1) + (2)", "ARRAY[1]", "gen_random_uuid()", "('now'::text)::date - 1", "'unclosed", "",
    ])
    func everythingElseIsTakenToBeComputed(expression: String) {
        #expect(!Column(id: 1, name: "a", defaultExpression: expression).hasLiteralDefault)
    }

    @Test func aColumnWithoutADefaultHoldsNull() {
        #expect(Column(id: 1, name: "a").hasLiteralDefault)
    }
}
