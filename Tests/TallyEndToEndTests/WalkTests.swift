import Foundation
import TallyEngine
import TallyHarness
import Testing

/// The walk of the README, command by command, with a file of the user's own.
@Suite(.timeLimit(.minutes(15)))
struct WalkTests {
    private static let albums = """
        CREATE TABLE artist (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE album (id INTEGER PRIMARY KEY, artist INTEGER REFERENCES artist (id), title TEXT);
        INSERT INTO artist VALUES (1, 'Björk'), (2, 'Sigur Rós');
        INSERT INTO album VALUES (1, 1, 'Debut'), (2, 1, 'Post'), (3, 2, '( )');
        """

    @Test
    func fromInitToRemoveEveryCommandDoesWhatTheReadmeSays() async throws {
        let site = try Site()
        try FileManager.default.removeItem(atPath: site.folder.file("tally.yaml"))
        try await site.source.run(Self.albums)

        #expect(try await site.run("init").exitCode == 0)
        #expect(FileManager.default.fileExists(atPath: site.folder.file("tally.yaml")))
        #expect(try await site.run("init").exitCode != 0, "a configuration is never overwritten by accident")
        let flow = Site.flow("copy", from: "source", to: "target")
        try site.configure(stores: ["source": "source.db", "target": "target.db"], flows: [flow])

        let check = try await site.run("check")
        #expect(check.exitCode == 0, "\(check.text)")
        #expect(check.output.contains("album"))
        #expect(!FileManager.default.fileExists(atPath: site.target.path), "check changes nothing")
        #expect(try await site.source.tallyObjects() == [])

        try await site.syncOnce()
        try await site.requireAgreement()
        let status = try #require(try await site.status().first)
        #expect(status.phase == .notRunning)
        #expect(status.tables.map(\.table).sorted() == ["album", "artist"])
        #expect(status.tables.allSatisfy { $0.phase == .live })
        #expect(try await site.run("dead-letters", "list", "--json").exitCode == 0)
    }

    @Test
    func aPausedFlowStandsStillAndGoesOnWhereItStopped() async throws {
        let site = try Site()
        try await site.source.run(Self.albums)
        try await site.syncOnce()

        #expect(try await site.run("pause", "copy").exitCode == 0)
        try await site.source.run("INSERT INTO artist VALUES (3, 'Múm');")
        #expect(try await site.run("run", "--once").exitCode == 1)
        #expect(try await site.target.run("SELECT count(*) FROM artist;") == "2")

        #expect(try await site.run("resume", "copy").exitCode == 0)
        try await site.syncOnce()
        try await site.requireAgreement()
    }

    @Test
    func aTableThatFitsAgainAndIsPausedByAPersonNoLongerGivesTheOldReason() async throws {
        let site = try Site()
        try await site.source.run(Self.albums)
        try await site.target.run(
            "CREATE TABLE artist (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO artist VALUES (9, 'x');"
        )
        let child = try site.start("run")
        func artist() async throws -> TableStatus? {
            try await site.status().first?.tables.first { $0.table == "artist" }
        }
        try await eventually("it is paused, with the reason") {
            let table = try await artist()
            return table?.phase == .paused && table?.message?.contains("already holds rows") == true
        }
        try await site.target.run("DELETE FROM artist;")
        #expect(try await site.run("resume", "copy", "artist").exitCode == 0)
        try await eventually("it is live, with none") {
            let table = try await artist()
            return table?.phase == .live && table?.message == nil
        }
        #expect(try await site.run("pause", "copy", "artist").exitCode == 0)
        try await eventually("it is paused again") { try await artist()?.phase == .paused }
        #expect(try await artist()?.message == nil)
        try await site.stop(child)
        #expect(try await artist()?.message == nil)
    }

    @Test
    func resyncMendsWhatSomebodyChangedInTheTarget() async throws {
        let site = try Site()
        try await site.source.run(Self.albums)
        try await site.syncOnce()
        try await site.target.run(
            "DELETE FROM album WHERE id = 2; UPDATE album SET title = 'x'; INSERT INTO album VALUES (9, 9, '9');"
        )

        #expect(try await site.run("resync", "copy", "album").exitCode == 0)
        try await site.syncOnce()
        try await site.requireAgreement()
    }

    @Test
    func removeLeavesNothingOfTallysInEitherFileAndAllOfTheUsers() async throws {
        let site = try Site()
        try await site.source.run(Self.albums)
        try await site.syncOnce()
        #expect(try await site.source.tallyObjects() != [])

        let answer = try await site.run("remove", "copy", "--yes")
        #expect(answer.exitCode == 0, "\(answer.text)")
        #expect(try await site.source.tallyObjects() == [])
        #expect(try await site.target.tallyObjects() == [])
        try await site.requireAgreement()
    }

    @Test
    func pauseResumeResyncAndRemoveWorkThroughTheSocketWhileTheFlowRuns() async throws {
        let site = try Site()
        try await site.source.run(Self.albums)
        let child = try site.start("run")
        try await site.waitUntilLive(child)

        #expect(try await site.run("pause", "copy", "artist").exitCode == 0)
        try await eventually("the table is paused") {
            try await site.status().first?.tables.first { $0.table == "artist" }?.phase == .paused
        }
        try await site.source.run("INSERT INTO artist VALUES (3, 'Múm'); INSERT INTO album VALUES (4, 3, 'Finally');")
        try await site.waitForTarget("SELECT count(*) FROM album;", "4")
        #expect(try await site.target.run("SELECT count(*) FROM artist;") == "2")
        #expect(try await site.run("resume", "copy", "artist").exitCode == 0)
        try await site.waitForTarget("SELECT count(*) FROM artist;", "3")

        try await site.target.run("PRAGMA busy_timeout = 10000; DELETE FROM album;")
        #expect(try await site.run("resync", "copy", "album").exitCode == 0)
        try await site.waitForTarget("SELECT count(*) FROM album;", "4")

        #expect(try await site.run("remove", "copy", "--yes").exitCode == 0)
        #expect(try await site.source.tallyObjects() == [])
        #expect(try await site.target.tallyObjects() == [])
        try await site.requireAgreement()
        try await site.stop(child)
    }
}
