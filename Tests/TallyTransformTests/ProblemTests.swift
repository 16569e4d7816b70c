import TallyModel
import TallyTransform
import Testing

@Suite("What is wrong with a transform is said before any row is touched")
struct ProblemTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var settings: TransformSettings
        var problem: String
        var testDescription: String { problem }

        init(_ settings: TransformSettings, _ problem: String) {
            self.settings = settings
            self.problem = problem
        }
    }

    static let cases: [Case] = [
        Case(
            TransformSettings(drop: ["emial"]),
            "drop: the table “customers” has no column “emial”; did you mean “email”?"
        ),
        Case(
            TransformSettings(rename: ["zzzz": "a"]),
            "rename.zzzz: the table “customers” has no column “zzzz”"
        ),
        Case(
            TransformSettings(drop: ["id"]),
            "drop: “id” is part of the key; rows are recognised by it, so it cannot be dropped"
        ),
        Case(
            TransformSettings(set: ["id": "id + 1"]),
            "set.id: key columns cannot be computed: loads and sweeps compare rows by key"
        ),
        Case(
            TransformSettings(set: ["email": "1"], drop: ["email"]),
            "set.email: “email” is dropped too; remove it here or from drop"
        ),
        Case(
            TransformSettings(drop: ["email"], rename: ["email": "mail"]),
            "rename.email: “email” is dropped too; remove it here or from drop"
        ),
        Case(
            TransformSettings(rename: ["email": "Name"]),
            "rename.email: another column is called “Name” too; choose another name or drop that one"
        ),
        Case(
            TransformSettings(set: ["mail": "1"], rename: ["email": "mail"]),
            "rename.email: another column is called “mail” too; choose another name or drop that one; "
                + "set.mail: another column is renamed to, or is called, “mail” too; choose another name"
        ),
        Case(
            TransformSettings(set: ["name": "1", "Name": "2"]),
            "set.name: the column is computed twice, under names that differ in case"
        ),
        Case(TransformSettings(table: ""), "table: the name is empty"),
        Case(TransformSettings(where: " "), "where: the expression is empty"),
        Case(
            TransformSettings(where: "contry = 'GB'"),
            "where: «contry = 'GB'» does not compile: no such column: contry; did you mean “country”?"
        ),
        Case(
            TransformSettings(where: "country = \"GB\""),
            "where: «country = \"GB\"» does not compile: no such column: GB"
        ),
        Case(
            TransformSettings(where: "country = = 'GB'"),
            "where: «country = = 'GB'» does not compile: near \"=\": syntax error"
        ),
        Case(
            TransformSettings(set: ["name": "upper(name"]),
            "set.name: the parentheses of «upper(name» do not match"
        ),
        Case(
            TransformSettings(set: ["name": "1), other AS (2"]),
            "set.name: the parentheses of «1), other AS (2» do not match"
        ),
        Case(
            TransformSettings(where: "1 /* ) */ ) AND ( 1"),
            "where: the parentheses of «1 /* ) */ ) AND ( 1» do not match"
        ),
        Case(
            TransformSettings(where: "random() > 0"),
            "where: «random() > 0» gives another result from one call to the next (random(), the clock); only "
                + "functions of the row alone are possible"
        ),
        Case(
            TransformSettings(set: ["seen": "datetime('now')"]),
            "set.seen: «datetime('now')» gives another result from one call to the next (random(), the clock); only "
                + "functions of the row alone are possible"
        ),
        Case(
            TransformSettings(set: ["seen": "current_timestamp"]),
            "set.seen: «current_timestamp» gives another result from one call to the next (random(), the clock); only "
                + "functions of the row alone are possible"
        ),
        Case(
            TransformSettings(where: "(SELECT 1)"),
            "where: «(SELECT 1)» does not compile: subqueries prohibited in a transform"
        ),
        Case(
            TransformSettings(where: "id = ?"),
            "where: «id = ?» does not compile: parameters prohibited in a transform"
        ),
        Case(
            TransformSettings(set: ["n": "count(name)"]),
            "set.n: «count(name)» does not compile: misuse of aggregate function count()"
        ),
        Case(
            TransformSettings(set: ["n": "soundexx(name)"]),
            "set.n: «soundexx(name)» does not compile: no such function: soundexx"
        ),
    ]

    @Test("a wrong setting is named with what to write instead", arguments: cases)
    func problem(_ wrong: Case) {
        let error = #expect(throws: TransformProblems.self) {
            _ = try RowTransform(wrong.settings, schema: Customers.schema)
        }
        #expect(error?.description == wrong.problem)
    }

    @Test("all problems come at once, each with its setting")
    func allAtOnce() {
        let settings = TransformSettings(
            where: "nope",
            set: ["id": "1", "name": "upper(", "email": "emial"],
            drop: ["x1", "x2"],
            rename: ["y": "z"],
            table: ""
        )
        let error = #expect(throws: TransformProblems.self) {
            _ = try RowTransform(settings, schema: Customers.schema)
        }
        let named = ["drop", "drop", "rename.y", "set.id", "table", "where", "set.email", "set.name"]
        #expect(error?.problems.map(\.setting) == named)
    }

    @Test("a collation that only the source's programs have is refused where an expression reads the column")
    func foreignCollation() throws {
        var schema = Customers.schema
        schema.columns[1].collation = "german"
        let error = #expect(throws: TransformProblems.self) {
            _ = try RowTransform(TransformSettings(where: "name > 'm'"), schema: schema)
        }
        #expect(
            error?.description == "where: reads “name”, which compares by “german”, a collation that only the source's "
                + "own programs have; leave the column out"
        )
        let other = try RowTransform(TransformSettings(where: "country = 'GB'"), schema: schema)
        #expect(try other.row(Customers.ada) == Customers.ada)
    }

    @Test("an expression that holds a secret is shown as it was written, in problems and in failures")
    func secrets() throws {
        let shown = ["set.name": "sha256(name || ${SALT})"]
        let error = #expect(throws: TransformProblems.self) {
            let settings = TransformSettings(set: ["name": "sha256(name || secret)"], shown: shown)
            _ = try RowTransform(settings, schema: Customers.schema)
        }
        #expect(
            error?.description
                == "set.name: «sha256(name || ${SALT})» does not compile with what its ${…} stand for"
        )
        let settings = TransformSettings(
            set: ["name": "redact(name, 'secret')"],
            shown: ["set.name": "redact(name, ${N})"]
        )
        let transform = try RowTransform(settings, schema: Customers.schema)
        let failure = #expect(throws: TransformFailure.self) { _ = try transform.row(Customers.ada) }
        #expect(failure?.expression == "redact(name, ${N})")
    }
}
