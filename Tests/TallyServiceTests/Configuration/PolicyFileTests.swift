import TallyGroup
import TallyMerge
import TallyModel
import Testing
import TallyService

/// The file that `tally conflicts simulate` reads.
@Suite struct PolicyFileTests {
    private func load(_ yaml: String) throws(ConfigurationProblems) -> PolicyFile {
        try PolicyFile.load(path: "/shop/new.yaml", members: ["eu", "us"], environment: [:]) { path in
            path == "/shop/new.yaml" ? yaml : nil
        }
    }

    private func problems(_ yaml: String) -> [String] {
        do {
            _ = try load(yaml)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func `Tables have the form that a group has them in`() throws {
        let file = try load(
            "tables: { items: { merge: { quantity: counter, note: { prefer: [us, eu] } }, delete: loses } }"
        )
        #expect(
            file.tables == [
                GroupTableSettings(
                    name: TableName("items"),
                    columns: ["quantity": .policy(.counter), "note": .prefer(["us", "eu"])],
                    delete: .loses
                )
            ]
        )
    }

    @Test func `What is wrong is said with its place`() {
        #expect(
            problems("tables: { items: { merge: { quantity: countre } } }") == [
                "1:39: tables.items.merge.quantity: “countre” is not known here; did you mean “counter”?"
            ]
        )
        #expect(problems("tabels: {}").contains { $0.contains("unknown key; did you mean “tables”?") })
        #expect(
            problems("tables: { items: { merge: { note: { prefer: [asia] } } } }").contains { $0.contains("no member") }
        )
        #expect(problems("").count == 1)
    }
}
