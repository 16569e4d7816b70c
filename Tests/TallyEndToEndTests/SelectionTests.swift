import Foundation
import TallyEngine
import TallyHarness
import Testing

/// What a configuration selects, and what is shown of it.
@Suite(.timeLimit(.minutes(15)))
struct SelectionTests {
    @Test
    func aSelectionThatMatchesNoTableIsSaidByEveryCommandAndTheFlowGoesOnOnceThereIsOne() async throws {
        let site = try Site(flow: "tables: [\"order*\"]")
        try await site.source.run("PRAGMA journal_mode = WAL; CREATE TABLE customers (id INTEGER PRIMARY KEY);")
        let check = try await site.run("check")
        #expect(check.exitCode == 1)
        #expect(check.output.contains("no table is selected"), "\(check.text)")
        let once = try await site.run("run", "--once")
        #expect(once.exitCode == 1)
        #expect(once.errors.contains("flow copy: the source has no table that its `tables` select"), "\(once.text)")

        let child = try site.start("run")
        try await eventually("the status says so") {
            let status = try await site.status().first
            return status?.phase == .live && status?.message?.contains("`tables` select") == true
        }
        try await site.source.run(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, v); INSERT INTO orders VALUES (1, 'a');"
        )
        try await site.waitUntilLive(child)
        try await eventually("nothing is wrong any more") { try await site.status().first?.message == nil }
        try await site.waitForTarget("SELECT * FROM orders;", "1|a")
        try await site.stop(child)
        #expect(try await site.run("run", "--once").exitCode == 0)
    }

    @Test
    func whatComesFromTheEnvironmentIsShownAsTheFileHasIt() async throws {
        let site = try Site(
            stores: ["source": "${HIDDEN_FOLDER}/source.db", "target": "${HIDDEN_FOLDER}/target.db"],
            flows: [
                Site.flow("copy", from: "source", to: "target", "tables: [t, \"${HIDDEN_TABLE}\"]"),
                Site.flow("lost", from: "nowhere", to: "target", "tables: [\"${HIDDEN_TABLE}\"]"),
            ]
        )
        let yaml = try String(contentsOfFile: site.folder.file("tally.yaml"), encoding: .utf8)
        try site.folder.write(
            yaml.replacing("stores:\n", with: "stores:\n  nowhere: { kind: sqlite, path: \"${HIDDEN_FILE}\" }\n"),
            to: "tally.yaml"
        )
        try FileManager.default.createDirectory(
            atPath: site.folder.file("kept-dark"),
            withIntermediateDirectories: true
        )
        let environment = [
            "HIDDEN_FOLDER": site.folder.file("kept-dark"), "HIDDEN_TABLE": "unspoken",
            "HIDDEN_FILE": site.folder.file("kept-dark/missing.db"),
        ]
        let source = SQLiteShell("kept-dark/source.db", in: site.folder)
        try await source.run("CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a');")

        var said = ""
        for arguments in [["check"], ["check", "--json"], ["run", "--once"], ["status"], ["status", "--json"]] {
            let child = try ChildProcess(Site.executable, arguments, in: site.folder, environment: environment)
            try await child.wait()
            said += "\(arguments):\n" + child.standardOutput + child.standardError
        }
        #expect(said.contains("no table matches ${HIDDEN_TABLE}"), "\(said)")
        #expect(said.contains("source (${HIDDEN_FOLDER}/source.db)"), "\(said)")
        #expect(said.contains("${HIDDEN_FILE}: there is no such file"), "\(said)")
        for secret in ["kept-dark", "unspoken"] { #expect(!said.contains(secret), "\(said)") }
        // Nor is it kept where others look.
        let kept = SQLiteShell(".tally/ledger.db", in: site.folder)
        #expect(try await !kept.run(".dump").contains("kept-dark"))
        #expect(try await !source.run("SELECT target_label FROM _tally_flow;").contains("kept-dark"))
        #expect(try await SQLiteShell("kept-dark/target.db", in: site.folder).run("SELECT * FROM t;") == "1|a")
    }
}
