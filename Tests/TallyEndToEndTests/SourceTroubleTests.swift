import Foundation
import Programs
import TallyEngine
import TallyHarness
import Testing

/// A source that is not what it was: named, never skipped over, and nothing is done to the target.
@Suite(.timeLimit(.minutes(15)))
struct SourceTroubleTests {
    private static let notes = """
        PRAGMA journal_mode = WAL;
        CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT);
        INSERT INTO note SELECT value, 'note ' || value FROM generate_series(1, 100);
        """

    private func synced() async throws -> Site {
        let site = try Site()
        try await site.source.run(Self.notes)
        try await site.syncOnce()
        return site
    }

    /// Runs once, expects it to refuse, and insists that the target is as before.
    private func refusal(_ site: Site) async throws -> Site.Answer {
        let before = try await site.target.run("SELECT * FROM note ORDER BY id;")
        let answer = try await site.run("run", "--once")
        #expect(try await site.target.run("SELECT * FROM note ORDER BY id;") == before)
        return answer
    }

    @Test
    func aSourceThatIsGoneIsNamedAndTheTargetKeepsWhatItHas() async throws {
        let site = try await synced()
        try site.folder.removeDatabase("source.db")
        let answer = try await refusal(site)
        #expect(answer.exitCode == 3)
        #expect(answer.text.contains("source.db"), "\(answer.text)")
        #expect(!FileManager.default.fileExists(atPath: site.source.path), "no empty file is made in its place")
    }

    @Test
    func aSourceDeletedWhileTheFlowRunsIsSaidInTheStatusAndTheTargetKeepsWhatItHas() async throws {
        let site = try await synced()
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        try site.folder.removeDatabase("source.db")
        try await eventually("the status says so") {
            let status = try await site.status().first
            return status?.phase == .retrying && status?.errorCode == "unreachable"
        }
        #expect(try await site.target.run("SELECT count(*) FROM note;") == "100")
        try await site.stop(child)
    }

    @Test
    func anotherFileInTheSourcesPlaceIsRefused() async throws {
        let site = try await synced()
        try site.folder.removeDatabase("source.db")
        try await site.source.run(
            "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO note VALUES (1, 'other');"
        )
        let answer = try await refusal(site)
        #expect(answer.exitCode == 1)
        #expect(answer.text.contains("source.db"), "\(answer.text)")
        #expect(answer.text.contains("resync"), "the message says what to do: \(answer.text)")
    }

    @Test(arguments: [0, 1, 500])
    func aSourceRestoredFromAnOlderBackupIsRefused(laterWrites: Int) async throws {
        let site = try await synced()
        try await site.source.run(".backup backup.db")
        try await site.source.run(
            "UPDATE note SET body = 'newer' WHERE id <= 50; INSERT INTO note VALUES (200, 'new');"
        )
        try await site.syncOnce()
        try await site.requireAgreement()

        try site.folder.removeDatabase("source.db")
        try site.folder.copyFile("backup.db", to: "source.db")
        if laterWrites > 0 {
            let last = 1000 + laterWrites
            try await site.source.run("INSERT INTO note SELECT value, 'later' FROM generate_series(1001, \(last));")
        }
        // Before anything runs as well as after it.
        try await requireTheHistoryIsNamed(site)
        let answer = try await refusal(site)
        #expect(answer.exitCode == 1)
        #expect(answer.text.contains("backup"), "\(answer.text)")
        try await requireTheHistoryIsNamed(site)

        #expect(try await site.run("resync", "copy").exitCode == 0)
        #expect(try await site.run("check").exitCode == 0)
        try await site.syncOnce()
        try await site.requireAgreement()
        #expect(try await site.run("status").exitCode == 0)
        #expect(try await site.status().first?.phase == .notRunning)
    }

    /// What `tally check` and `tally status` say while no node runs.
    private func requireTheHistoryIsNamed(_ site: Site) async throws {
        let check = try await site.run("check")
        #expect(check.exitCode == 1)
        #expect(check.output.contains("older backup"), "\(check.text)")
        #expect(try await site.run("status").exitCode == 1)
        let status = try await site.status().first
        #expect(status?.phase == .stopped)
        #expect(status?.errorCode == "historyWentBackwards")
        #expect(status?.message?.contains("resync") == true)
    }

    @Test
    func aPolledSourceThatWasReplacedIsNamedBeforeAnythingRuns() async throws {
        let site = try Site(flow: "capture: { mode: version, column: id, poll: 20ms }")
        try await site.source.run(Self.notes)
        try await site.syncOnce()
        #expect(try await site.run("check").exitCode == 0)
        try site.folder.removeDatabase("source.db")
        try await site.source.run(Self.notes)
        let check = try await site.run("check")
        #expect(check.exitCode == 1)
        #expect(check.output.contains("not the file that was read before"), "\(check.text)")
        #expect(try await site.status().first?.errorCode == "sourceReplaced")
    }

    @Test
    func aRunThatIsEndedWhileAFlowStandsStoppedExitsWithOneAndSaysWhich() async throws {
        let site = try await synced()
        try site.folder.removeDatabase("source.db")
        try await site.source.run("CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT);")
        let child = try site.start("run")
        // The node's own word: what `status` says may come from the files, before the node has looked at them.
        try await eventually("the flow has stopped") { child.standardError.contains("flow=copy") }
        #expect(try await site.status().first?.phase == .stopped)
        child.send(SIGTERM)
        let ending = try await child.wait()
        #expect(ending == .exited(1))
        #expect(child.standardError.contains("flow copy: "), "\(child.standardError)")
        #expect(child.standardError.contains("not the file that was read before"))

        // What it ended with is there for whoever looks later, and gone once the flow gets going.
        #expect(try await site.status().first?.phase == .stopped)
        #expect(try await site.run("resync", "copy").exitCode == 0)
        try await site.syncOnce()
        #expect(try await site.status().first?.phase == .notRunning)
    }
}
