import TallyHarness
import Testing

/// `tally demo --kind group`.
@Suite(.timeLimit(.minutes(15)))
struct GroupDemoTests {
    @Test
    func theDemoEndsWithThreeFilesThatSayTheSame() async throws {
        let site = try Site()
        let answer = try await site.run("demo", "--kind", "group", "--keep", "shop")
        #expect(answer.exitCode == 0, "\(answer.text)")
        #expect(answer.output.contains("All three agree, row by row."))
        #expect(answer.output.contains("edge retrying"))
        let rows = "SELECT * FROM items ORDER BY sku;"
        let eu = try await SQLiteShell("shop/eu.db", in: site.folder).run(rows)
        for file in ["shop/us.db", "shop/edge/edge.db"] {
            #expect(try await SQLiteShell(file, in: site.folder).run(rows) == eu, "\(file)")
        }
        let tea = "SELECT stock, tags, notes, price FROM items WHERE sku = 'tea';"
        #expect(
            try await SQLiteShell("shop/us.db", in: site.folder).run(tea)
                == #"991|["organic","last"]|The quick brown fox jumps over the dog.|3.9"#
        )
        // A folder that holds one is left alone.
        #expect(try await site.run("demo", "--kind", "group", "--keep", "shop").exitCode == 3)
    }
}
