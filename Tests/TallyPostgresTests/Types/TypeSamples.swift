/// Types of the server and values of each, as SQL.
struct TypeSamples {
    var type: String
    /// Expressions; NULL is added to each.
    var values: [String]

    init(_ type: String, _ values: String...) {
        self.type = type
        self.values = values
    }

    /// What the types below need first.
    static let preparation = """
        CREATE EXTENSION hstore;
        CREATE EXTENSION citext;
        CREATE SCHEMA shop;
        CREATE TYPE shop.mood AS ENUM ('fine', 'so, so', 'it''s "bad"');
        CREATE TYPE shop.place AS (street text, number int, tags text[]);
        CREATE DOMAIN shop.positive AS int CHECK (VALUE > 0);
        CREATE DOMAIN shop.pair AS int[] CHECK (cardinality(VALUE) = 2);
        CREATE DOMAIN shop.code AS varchar(5);
        CREATE TYPE shop.span AS RANGE (subtype = float8);
        """

    static let all: [TypeSamples] = [
        TypeSamples("boolean", "true", "false"),
        TypeSamples("smallint", "-32768", "32767", "0"),
        TypeSamples("integer", "-2147483648", "2147483647", "0"),
        TypeSamples("bigint", "-9223372036854775808", "9223372036854775807", "0", "-1"),
        TypeSamples("real", "0.1", "'-0'", "1e-45", "3.4028235e38", "'NaN'", "'Infinity'", "'-Infinity'", "16777217"),
        TypeSamples(
            "double precision",
            "0.1",
            "'-0'",
            "5e-324",
            "2.2250738585072011e-308",
            "1.7976931348623157e308",
            "'NaN'",
            "'Infinity'",
            "'-Infinity'",
            "1e15",
            "1e16",
            "123456789.123456789"
        ),
        TypeSamples(
            "numeric",
            "0",
            "0.00",
            "-0.000",
            "1",
            "-1",
            "10000",
            "9999",
            "99999999",
            "100000000",
            "0.0001",
            "0.00001",
            "0.10",
            "-12.50",
            "12345678901234567890.12345678901234567890",
            "'NaN'",
            "'Infinity'",
            "'-Infinity'",
            "(repeat('7', 1000))::numeric",
            "('0.' || repeat('0', 500) || '3')::numeric",
            "('1' || repeat('0', 999))::numeric",
            "1e-30",
            "123000000000000000000000000000000000.5",
            "1e400"
        ),
        TypeSamples("numeric(12,2)", "1234567890.12", "-0.05", "0", "100"),
        TypeSamples("numeric(20,10)", "0.0000000001", "1234567890.0000000001"),
        TypeSamples(
            "text",
            "''",
            "' '",
            "'a b'",
            "E'tab\\tnew\\nline\\rreturn\\\\back\\b\\f\\v\\x01'",
            "'\\N'",
            "'\\.'",
            "'héllo 🎻 漢字'",
            "repeat('long ', 2000)",
            "E'\\\\'",
            "'{\"a\"}'",
            "'NULL'"
        ),
        TypeSamples("varchar(10)", "'ten chars!'", "''"),
        TypeSamples("char(5)", "'ab'", "''"),
        TypeSamples("name", "'a name'"),
        TypeSamples("\"char\"", "'x'", "''", "'\\'"),
        TypeSamples("citext", "'MiXed'"),
        TypeSamples("bytea", "''", "'\\x00ff5c0a'", "decode(repeat('00010203', 500), 'hex')"),
        TypeSamples(
            "date",
            "'1970-01-01'",
            "'2000-02-29'",
            "'0001-01-01'",
            "'0001-12-31 BC'",
            "'4713-01-01 BC'",
            "'5874897-12-31'",
            "'infinity'",
            "'-infinity'",
            "'10000-01-01'",
            "'0044-03-15 BC'"
        ),
        TypeSamples("time", "'00:00'", "'24:00'", "'23:59:59.999999'", "'12:30:00.5'"),
        TypeSamples("time(3)", "'12:30:00.123'"),
        TypeSamples("timetz", "'12:30:00.5+02'", "'24:00-15:59'"),
        TypeSamples(
            "timestamp",
            "'1970-01-01 00:00:00'",
            "'1969-12-31 23:59:59.999999'",
            "'0001-01-01'",
            "'4714-11-24 00:00:00 BC'",
            "'294276-12-31 23:59:59.999999'",
            "'294246-12-31 23:59:59.999999'",
            "'infinity'",
            "'-infinity'",
            "'0044-03-15 12:00:00.1 BC'",
            "'12345-06-07 08:09:10'",
            "'2024-02-29 24:00:00'"
        ),
        TypeSamples(
            "timestamptz",
            "'1970-01-01 00:00:00+00'",
            "'2024-06-01 12:00:00.000001+05:30'",
            "'4714-11-24 00:00:00+00 BC'",
            "'294276-12-31 23:59:59.999999+00'",
            "'infinity'",
            "'-infinity'",
            "'0001-12-31 23:00:00-03 BC'"
        ),
        TypeSamples("timestamptz(0)", "'2024-06-01 12:00:00.7+00'"),
        TypeSamples(
            "interval",
            "'0'",
            "'1 year 2 months 3 days 04:05:06.789'",
            "'-1 year +2 months -3 days 04:05:06'",
            "'-0.000001 seconds'",
            "'178000000 years'",
            "'-178000000 years'",
            "'2147483647 days'",
            "'-14 mons'",
            "'1 day -00:00:00.5'",
            "make_interval(hours => 2147483647)",
            "'-2147483648 days'",
            "make_interval(secs => 9223372036854.0)"
        ),
        TypeSamples("interval day to second(2)", "'3 days 04:05:06.78'"),
        TypeSamples("uuid", "'00000000-0000-0000-0000-000000000000'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"),
        TypeSamples("json", "'{ \"b\" : 1,  \"a\":[1, 2.50, null], \"a\": \"\\u00e9\\n\" }'", "'null'", "'\"x\"'"),
        TypeSamples("jsonb", "'{\"b\": 1, \"a\": [1, 2.50, null, \"q\\\"\\\\\"]}'", "'1e400'", "'[]'"),
        TypeSamples(
            "xml",
            "'<a b=\"c\">text &amp; more</a>'",
            "'<?xml version=\"1.0\" encoding=\"latin1\" standalone=\"yes\"?><é/>'",
            "'mixed <b/>'"
        ),
        TypeSamples("xml[]", "ARRAY['<a/>', '<?xml version=\"1.0\" encoding=\"latin1\"?><é/>']::xml[]"),
        TypeSamples("jsonpath", "'$.a[*] ? (@ > 1)'"),
        TypeSamples("inet", "'10.0.0.1/8'", "'::1'"),
        TypeSamples("cidr", "'10.0.0.0/8'"),
        TypeSamples("macaddr", "'08:00:2b:01:02:03'"),
        TypeSamples("macaddr8", "'08:00:2b:01:02:03:04:05'"),
        TypeSamples("point", "'(1.5,-2)'"),
        TypeSamples("line", "'{1,2,3}'"),
        TypeSamples("lseg", "'[(0,0),(1,1)]'"),
        TypeSamples("box", "'(1,1),(0,0)'"),
        TypeSamples("path", "'((0,0),(1,1),(2,0))'", "'[(0,0),(1,1)]'"),
        TypeSamples("polygon", "'((0,0),(1,1),(2,0))'"),
        TypeSamples("circle", "'<(0,0),2.5>'"),
        TypeSamples("bit(5)", "B'10101'"),
        TypeSamples("bit varying", "B''", "B'1'", "B'110011001100'"),
        TypeSamples("tsvector", "'a:1 fat:2,4A cat''s:3'"),
        TypeSamples("tsquery", "'fat & (rat | !cat)'"),
        TypeSamples("money", "'-12.34'", "92233720368547758.07"),
        TypeSamples("pg_lsn", "'16/B374D848'"),
        TypeSamples("oid", "4294967295"),
        TypeSamples("regclass", "'pg_class'"),
        TypeSamples("int2vector", "'1 2 3'"),
        TypeSamples("hstore", "'a=>1, b=>NULL, \"c d\"=>\"e\\\"f\"'"),
        TypeSamples("int4range", "'[1,10)'", "'empty'", "'(,5)'"),
        TypeSamples("tstzrange", "'[\"2024-01-01 00:00:00+00\",infinity)'"),
        TypeSamples("numrange", "'[1.50,2.50]'"),
        TypeSamples("datemultirange", "'{[2024-01-01,2024-02-01),[2024-03-01,)}'"),
        TypeSamples("shop.span", "'[0.1,0.2)'"),
        TypeSamples("shop.mood", "'fine'", "'so, so'", "'it''s \"bad\"'"),
        TypeSamples("shop.place", "ROW('a, \"b\"', 7, ARRAY['x', 'y z'])"),
        TypeSamples("shop.positive", "7"),
        TypeSamples("shop.pair", "ARRAY[1, 2]", "'[0:1]={3,4}'"),
        TypeSamples("shop.code", "'ab'"),
        TypeSamples(
            "integer[]",
            "'{}'",
            "'{1,NULL,3}'",
            "'{{1,2},{3,NULL}}'",
            "'[0:1]={5,6}'",
            "'[2:3][-1:0]={{1,2},{3,4}}'",
            "'{{{1},{2}},{{3},{4}}}'"
        ),
        TypeSamples(
            "text[]",
            "ARRAY['a', '', 'NULL', NULL, 'b c', 'q\"q', 'back\\slash', '{brace}', 'com,ma', E'new\\nline\\ttab', 'é🎻', 'null']",
            "ARRAY[['a','b'],['c d',NULL]]",
            "'[5:6]={\"x y\",NULL}'"
        ),
        TypeSamples("varchar(4)[]", "ARRAY['abcd']"),
        TypeSamples("char(3)[]", "ARRAY['a', 'b']"),
        TypeSamples("boolean[]", "ARRAY[true, false, NULL]"),
        TypeSamples("numeric(10,3)[]", "ARRAY[1.500, 'NaN', -0.001]"),
        TypeSamples("double precision[]", "ARRAY[0.1, 'NaN', '-Infinity', 5e-324]::float8[]", "'[0:0]={1e-5}'"),
        TypeSamples(
            "timestamptz[]",
            "ARRAY['2024-01-01 00:00:00.5+00', 'infinity']::timestamptz[]",
            "'[0:0]={\"2024-01-01 00:00:00+00\"}'"
        ),
        TypeSamples("date[]", "ARRAY['2024-01-01', '0044-03-15 BC']::date[]"),
        TypeSamples("interval[]", "ARRAY['1 day', '-00:00:01']::interval[]"),
        TypeSamples("uuid[]", "ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']::uuid[]"),
        TypeSamples("bytea[]", "ARRAY['\\x00ff'::bytea, '\\x'::bytea]"),
        TypeSamples("jsonb[]", "ARRAY['{\"a\": [1]}'::jsonb, '[1, 2]'::jsonb, 'null'::jsonb]"),
        TypeSamples("json[]", "ARRAY['{ }'::json]"),
        TypeSamples("inet[]", "ARRAY['10.0.0.1'::inet]"),
        TypeSamples("money[]", "ARRAY['1,234.50'::money]"),
        TypeSamples("box[]", "ARRAY['(1,1),(0,0)'::box, '(2,2),(0,0)'::box]"),
        TypeSamples("int4range[]", "ARRAY['[1,10)'::int4range]"),
        TypeSamples("bit(3)[]", "ARRAY[B'101']"),
        TypeSamples("shop.mood[]", "ARRAY['fine', 'so, so']::shop.mood[]"),
        TypeSamples("shop.place[]", "ARRAY[ROW('a', 1, NULL)]::shop.place[]"),
        TypeSamples("shop.positive[]", "ARRAY[1, 2]::shop.positive[]"),
        TypeSamples("shop.pair[]", "ARRAY[ARRAY[1, 2]::shop.pair, '{3,4}'::shop.pair]"),
        TypeSamples("hstore[]", "ARRAY['a=>1'::hstore]"),
    ]
}
