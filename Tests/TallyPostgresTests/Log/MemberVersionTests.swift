import TallyPostgres
import Testing

@Suite("Which servers can be members of a group")
struct MemberVersionTests {
    @Test("Those from PostgreSQL 14 on")
    func versions() throws {
        #expect(MemberVersion.problem(with: 140_000) == nil)
        #expect(MemberVersion.problem(with: 150_018) == nil)
        let problem = try #require(MemberVersion.problem(with: 130_014))
        #expect(problem.message.contains("14 or later") && problem.message.contains("this server is PostgreSQL 13"))
    }
}
