import Foundation
import TallyModel
import TallySQLite
import Testing

@Suite struct RunnerTests {
    @Test func `This process runs, and one that started at another time under its number does not`() {
        var runner = Runner.current()
        #expect(runner.isAlive)
        runner.processStart = "1 another-boot"
        #expect(!runner.isAlive)
    }

    @Test func `A process that was killed does not run, although nobody has asked how it ended`() throws {
        var process: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("600"), nil]
        defer { arguments.forEach { free($0) } }
        try #require(posix_spawnp(&process, "sleep", nil, nil, &arguments, nil) == 0)
        let runner = Runner(process: process)
        #expect(runner.isAlive)
        kill(process, SIGKILL)
        // Waits for its end, and leaves its number as it is.
        var information = siginfo_t()
        try #require(waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) == 0)
        #expect(kill(process, 0) == 0, "its number is still there")
        #expect(!runner.isAlive)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        #expect(!runner.isAlive)
    }
}
