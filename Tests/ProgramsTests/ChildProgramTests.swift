import Foundation
import Programs
import Testing

@Suite struct ChildProgramTests {
    @Test func `It reads its input, and both outputs are told`() throws {
        let (ending, text) = try ChildProgram.run(["sh", "-c", "cat; echo aside >&2; exit 3"], input: "in\n")
        #expect(ending == .exited(3))
        #expect(text == "in\naside\n")
    }

    @Test func `A program that there is not is named`() {
        let error = #expect(throws: ChildProgram.NotStarted.self) { try ChildProgram(["no-such-program"]) }
        #expect(error?.description == "cannot run no-such-program: No such file or directory")
    }

    @Test func `It works in its folder and with its environment`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "programs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // A leftover in the system's temporary folder is no reason to fail.
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = folder.appending(path: "out").path
        let child = try ChildProgram(
            ["/bin/sh", "-c", "pwd; echo $WORD"],
            in: folder.path,
            environment: ["WORD": "here"],
            streams: .init(output: output)
        )
        #expect(child.endBlocking() == .exited(0))
        #expect(try String(contentsOfFile: output, encoding: .utf8) == "\(folder.path)\nhere\n")
    }

    @Test func `It heeds signals, whatever the thread blocks that starts it`() async throws {
        // Threads of Dispatch, on which this runs, block most signals.
        let child = try ChildProgram(["sleep", "600"])
        #expect(child.ending == nil)
        child.send(SIGTERM)
        #expect(await child.end() == .killed(signal: SIGTERM))
    }

    /// Foundation's own starting of programs fails here: the one that goes on has what tells of the other's end.
    @Test func `The end of one is seen while others that were started with it go on`() async throws {
        try await withThrowingTaskGroup { group in
            for _ in 0..<40 {
                group.addTask {
                    let long = try ChildProgram(["sleep", "600"])
                    defer { long.send(SIGKILL) }
                    #expect(await (try ChildProgram(["true"])).end() == .exited(0))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `It has no descriptor of its parent's`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "programs-\(UUID().uuidString)")
        try Data().write(to: file)
        // A leftover in the system's temporary folder is no reason to fail.
        defer { try? FileManager.default.removeItem(at: file) }
        let handle = try FileHandle(forReadingFrom: file)
        let text = try ChildProgram.run(["ls", "-l", "/proc/self/fd"]).text
        #expect(text.contains("program-"))
        #expect(!text.contains(file.lastPathComponent))
        try handle.close()
    }
}
