import Foundation
import TallyEngine
import TallyHarness
import Testing

/// A target that cannot be written for a while.
@Suite(.enabled(if: Disk.isAvailable, "needs root, to mount a small disk"), .timeLimit(.minutes(15)))
struct TargetTroubleTests {
    private func site() throws -> Site {
        try Site(
            stores: ["source": "source.db", "target": "disk/target.db"],
            flows: [Site.flow("copy", from: "source", to: "target")]
        )
    }

    private func requireAgreement(_ site: Site) async throws {
        try await Comparison(site.source, SQLiteShell("disk/target.db", in: site.folder)).requireAgreement()
    }

    @Test
    func aFullDiskIsSaidInTheStatusAndOnceThereIsRoomTheFlowGoesOnByItself() async throws {
        let site = try site()
        let disk = try Disk(at: site.folder.file("disk"), size: "3m")
        try await site.source.run(
            """
            CREATE TABLE blobs (id INTEGER PRIMARY KEY, body BLOB);
            INSERT INTO blobs SELECT value, randomblob(1000) FROM generate_series(1, 500);
            """
        )
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        try await site.source.run("INSERT INTO blobs SELECT value, randomblob(1000) FROM generate_series(1001, 9000);")
        try await eventually("the status says so") {
            let status = try await site.status().first
            return status?.phase == .retrying && status?.errorCode == "outOfSpace"
        }
        #expect(child.ended == nil)

        try disk.remount("size=64m")
        let target = SQLiteShell("disk/target.db", in: site.folder)
        try await eventually("the flow goes on") { try await target.run("SELECT count(*) FROM blobs;") == "8500" }
        try await site.stop(child)
        try await requireAgreement(site)
        _ = disk
    }

    @Test
    func aTargetThatIsReadOnlyIsNamedAndNothingIsLostOnceItIsNot() async throws {
        let site = try site()
        let disk = try Disk(at: site.folder.file("disk"), size: "16m")
        try await site.source.run(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a'), (2, 'b');"
        )
        try await site.syncOnce()
        try await site.source.run(
            "UPDATE t SET v = 'c' WHERE id = 2; DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (3, 'd');"
        )

        try disk.remount("ro")
        let answer = try await site.run("run", "--once")
        #expect(answer.exitCode == 3)
        #expect(answer.text.contains("disk/target.db"), "\(answer.text)")

        try disk.remount("rw")
        try await site.syncOnce()
        try await requireAgreement(site)
        _ = disk
    }
}
