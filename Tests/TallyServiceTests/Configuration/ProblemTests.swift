import Foundation
import TallyService
import Testing

@Suite("What is wrong with a configuration file")
struct ConfigurationProblemTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var yaml: String
        var problems: [String]
        var testDescription: String { problems.first ?? yaml }

        init(_ yaml: String, _ problems: String...) {
            self.yaml = yaml
            self.problems = problems
        }
    }

    static let files: [Case] = [
        Case("", " the file says nothing; write stores and flows, or let `tally init --force` write an example"),
        Case(
            "# nothing\n",
            " the file says nothing; write stores and flows, or let `tally init --force` write an example"
        ),
        Case("- a\n", "1:1: has to be a mapping (lines of “key: value”), and is a list"),
        Case(
            "state: x\n",
            "1:1: stores: is missing; name the stores that flows go between",
            "1:1: flows: is missing; write at least one flow"
        ),
        Case(
            "stores: {}\nflows: []\n",
            "1:1: stores: is empty; name the stores that flows go between",
            "2:1: flows: is empty; write at least one flow"
        ),
        Case(
            "stores:\n  a: { kind: sqlite, path: a.db }\ngroups: []\n",
            "3:1: groups: is empty; write a group, or leave the key out"
        ),
        Case(
            configurationText("nmae: x") + "flow: 1\n",
            "6:5: flows[0].nmae: unknown key; did you mean “name”?",
            "7:1: flow: unknown key; did you mean “flows”?"
        ),
        Case(
            "stores:\n\ta: 1\n",
            "2:1: a tab; YAML is indented with spaces"
        ),
        Case(
            configurationText("tables: [*, a]"),
            "6:15: a text that begins with * has to be in quotes: \"*\""
        ),
        Case(
            "stores: { a: { kind: sqlite }\nflows: []\n",
            "2:1: not YAML: did not find expected ',' or '}' (while parsing a flow mapping)"
        ),
        Case(
            configurationText() + "---\nstores: {}\n",
            "6:1: not YAML: but found another document (expected a single document in the stream)"
        ),
        Case(
            configurationText("lag: 2s", "lag: soon", "memory: 64MiB", "memory: 1MiB"),
            "6:5: flows[0].lag: this key is given again further on; keep one",
            "7:10: flows[0].lag: “soon” is no duration; write 250ms, 2s, 5m, 1h or 1d",
            "8:5: flows[0].memory: this key is given again further on; keep one",
            "9:5: flows[0].memory: 1 MiB is too little to work in; write 4MiB or more"
        ),
        Case(
            "stores: { a: { kind: sqlite, path: x }, \"a\": { kind: sqlite, path: y }, b: { kind: sqlite, path: z } }\n"
                + "flows: [{ name: f, from: a, to: b }]\n",
            "1:11: stores.a: this key is given again further on; keep one"
        ),
    ]

    static let stores: [Case] = [
        Case(
            "stores:\n  a: { knd: sqlite }\n  b: { kind: mariadb }\n  c: { kind: sqlit, path: x }\n  d: { kind: sqlite }\n"
                + "  e: { kind: sqlite, pth: x.db }\n  f: sqlite\n  g:\n  h i: { kind: sqlite, path: '' }\n"
                + "flows: [{ name: x, from: a, to: b }]\n",
            "2:3: stores.a.kind: is missing; write kind: sqlite; this version knows sqlite, postgres",
            "3:14: stores.b.kind: “mariadb” is no kind of store that can be opened; this version knows sqlite, postgres",
            "4:14: stores.c.kind: “sqlit” is no kind of store that can be opened; did you mean “sqlite”?",
            "5:3: stores.d.path: is missing; write where the SQLite file is: path: shop.db",
            "6:3: stores.e.path: is missing; write where the SQLite file is: path: shop.db",
            "6:22: stores.e.pth: unknown key; did you mean “path”?",
            "7:3: stores.f: has to be a mapping (lines of “key: value”), and is a single value",
            "8:3: stores.g: says nothing; write what it is: { kind: sqlite, path: shop.db }",
            "9:3: stores.h i: “h i” is no name for a store; use letters from A to Z, digits, “_”, “.” and “-”",
            "9:30: stores.h i.path: is empty; write where the SQLite file is: path: shop.db"
        )
    ]

    static let flows: [Case] = [
        Case(
            """
            stores: { shop: { kind: sqlite, path: x.db }, copy: { kind: sqlite, path: ./x.db } }
            flows:
              - from: shop
                to: shpo
              - { name: "a b", from: shop, to: shop }
              - { name: twin, from: shop, to: copy }
              - { name: twin, from: nowhere }
              - nothing
            """,
            "3:5: flows[0].name: is missing; write a name: what `tally status` and the other commands call it by",
            "4:9: flows[0].to: there is no store “shpo”; did you mean “shop”?",
            "5:13: flows[1].name: “a b” is no name for a flow; use letters from A to Z, digits, “_”, “.” and “-”",
            "5:36: flows[1].to: a flow needs two stores, and from is “shop” too",
            "6:35: flows[2].to: “shop” and “copy” are the same place; a flow needs two",
            "7:5: flows[3].to: is missing; write the name of a store",
            "7:13: flows[3].name: line 6 has a flow of that name too; every flow needs its own",
            "7:25: flows[3].from: there is no store “nowhere”; the stores are shop, copy",
            "8:5: flows[4]: has to be a mapping (lines of “key: value”), and is a single value"
        ),
        Case(
            configurationText("tables: []", "create: mising", "existing: [keep]"),
            "6:5: flows[0].tables: selects no table; write [\"*\"] for all",
            "7:13: flows[0].create: “mising” is not known here; did you mean “missing”?",
            "8:15: flows[0].existing: has to be a single value, and is a list"
        ),
        Case(
            configurationText(
                "tables: [a, \"!\", \"\"]",
                "schema: { added: drop, droped: keep }",
                "retry: { first: 1m }"
            ),
            "6:17: flows[0].tables[1]: an empty name; write a table's name or a pattern such as \"audit_*\"",
            "6:22: flows[0].tables[2]: an empty name; write a table's name or a pattern such as \"audit_*\"",
            "7:22: flows[0].schema.added: “drop” is not known here; write one of follow, ignore, pause",
            "7:28: flows[0].schema.droped: unknown key; did you mean “dropped”?",
            "8:5: flows[0].retry: most is shorter than first; it is the longest wait of all"
        ),
        Case(
            configurationText("capture: triger"),
            "6:14: flows[0].capture: “triger” is not known here; did you mean “trigger”?"
        ),
        Case(
            configurationText("capture: timestamp"),
            "6:5: flows[0].capture: timestamp needs a column; write { mode: timestamp, column: updated_at }"
        ),
        Case(
            configurationText("capture: { mode: version, overlap: 10s, poll: 0s }"),
            "6:5: flows[0].capture.column: is missing; write the column that grows with every write to a row: "
                + "column: updated_at",
            "6:40: flows[0].capture.overlap: “10s” is no whole number; with mode: version, overlap is a difference of "
                + "versions, such as 100",
            "6:45: flows[0].capture.poll: has to be more than 0; write 250ms, 2s, 5m, 1h or 1d"
        ),
        Case(
            configurationText("capture: { mode: trigger, column: v, sweep: 5m }"),
            "6:31: flows[0].capture.column: goes with mode: timestamp or mode: version alone",
            "6:42: flows[0].capture.sweep: goes with mode: timestamp or mode: version alone"
        ),
        Case(
            configurationText("capture: { mode: stamp, column: v }"),
            "6:22: flows[0].capture.mode: “stamp” is not known here; write one of auto, log, trigger, timestamp, version"
        ),
        Case(
            configurationText("tables: [orders]", "transform:", "  customers: { drops: [x] }"),
            "8:7: flows[0].transform.customers: the flow's tables leave “customers” out; add it to tables, or remove this",
            "8:20: flows[0].transform.customers.drops: unknown key; did you mean “drop”?"
        ),
        Case(
            configurationText("transform:", "  a: { table: all, set: { x: } }", "  b: { table: All, set: [x] }"),
            "7:34: flows[0].transform.a.set.x: says nothing; write a value",
            "8:7: flows[0].transform.b: “a” and “b” are written to one table; give each its own",
            "8:24: flows[0].transform.b.set: has to be a mapping (lines of “key: value”), and is a list"
        ),
        Case(
            configurationText(
                "transform:",
                "  a: { table: _tally_log }",
                "  b: { table: _Tally_Checkpoint }",
                "  c: { table: sqlite_stat1 }",
                "  d: { table: '' }",
                "  e: { table: tally }"
            ),
            "7:19: flows[0].transform.a.table: “_tally_log” is a name that Tally keeps for its own tables; write another",
            "8:19: flows[0].transform.b.table: “_Tally_Checkpoint” is a name that Tally keeps for its own tables; write "
                + "another",
            "9:19: flows[0].transform.c.table: “sqlite_stat1” is a name that SQLite keeps for itself; write another",
            "10:19: flows[0].transform.d.table: is empty; write a table's name, or leave it out"
        ),
    ]

    @Test("all of it is said at once, with place, key and remedy", arguments: files + stores + flows)
    func all(_ wrong: Case) {
        #expect(configurationProblems(wrong.yaml) == wrong.problems)
    }

    @Test("the file's name stands before each place, as it was given")
    func fileName() {
        let error = #expect(throws: ConfigurationProblems.self) {
            _ = try loadConfiguration(configurationText("lag: x"))
        }
        #expect(
            error?.description
                == "/shop/tally.yaml:6:10: flows[0].lag: “x” is no duration; write 250ms, 2s, 5m, 1h or 1d"
        )
        let missing = #expect(throws: ConfigurationProblems.self) {
            _ = try Configuration.load(path: "nowhere.yaml", environment: [:]) { _ in nil }
        }
        #expect(
            missing?.description
                == "nowhere.yaml: there is no such file; `tally init` writes one, `--config` names another"
        )
    }

    @Test(
        "a ${…} that leads nowhere is a problem with its remedy",
        arguments: [
            ("${LAG}", "the environment has no variable LAG; set it, or write the value"),
            ("${file:lag}", "there is no file /shop/lag, which ${file:lag} reads"),
            ("${LAG", "“${” without “}”; write $${ where ${ itself is meant"),
            (
                "${a b}",
                "“${a b}” names no variable; write ${NAME} for the environment, ${file:PATH} for a file, $${ for ${ itself"
            ),
        ]
    )
    func interpolation(_ text: String, _ message: String) {
        #expect(configurationProblems(configurationText("lag: \"\(text)\"")) == ["6:10: flows[0].lag: \(message)"])
    }

    @Test("what a ${…} stands for is never printed")
    func secrets() {
        let yaml = """
            stores: { shop: { kind: "${S}", path: a }, copy: { kind: sqlite, path: b } }
            flows:
              - { name: "${S}!", from: "${S}", to: "x${S}", lag: "${S}", memory: "${S}", create: "${S}", capture: "${S}" }
            """
        let all = configurationProblems(yaml, environment: ["S": "sqlitee"])
        #expect(all.count == 8)
        #expect(all.allSatisfy { !$0.contains("sqlitee") && !$0.contains("did you mean") })
        #expect(all.contains("3:54: flows[0].lag: “${S}” is no duration; write 250ms, 2s, 5m, 1h or 1d"))
    }

    @Test("the example in docs/configuration.md gives what stands there")
    func documented() throws {
        let page = URL(fileURLWithPath: #filePath).appending(path: "../../../../docs/configuration.md")
            .standardizedFileURL
        let parts = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```")
        let start = try #require(parts.firstIndex { $0.contains("copi") && $0.hasPrefix("yaml") })
        let expected = parts[start + 2].split(separator: "\n").map { String($0.dropFirst("tally.yaml:".count)) }
        #expect(configurationProblems(String(parts[start].dropFirst("yaml\n".count))) == expected)
        #expect(!expected.isEmpty)
    }
}
