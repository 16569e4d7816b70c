import Foundation
import Logging
import Testing
import TallyService

@Suite struct ControlSocketTests {
    private let logger = Logger(label: "test")

    @Test func `The socket is for its owner alone, and gone when the server is`() async throws {
        try await withStateFolder { (state) async throws in
            let path = "\(state)/control.sock"
            #expect(try !ControlSocket(state: state).isLive())
            try await serving(FakeNode(), in: state) { (_) async throws in
                let rights = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(rights == 0o600)
                #expect(try ControlSocket(state: state).isLive())
            }
            #expect(!FileManager.default.fileExists(atPath: path))
            #expect(try !ControlSocket(state: state).isLive())
        }
    }

    @Test func `A socket that a killed node left behind is replaced`() async throws {
        try await withStateFolder { (state) async throws in
            _ = try await output(
                of: "python3",
                "-c",
                "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])",
                "\(state)/control.sock"
            )
            #expect(FileManager.default.fileExists(atPath: "\(state)/control.sock"))
            #expect(try !ControlSocket(state: state).isLive())

            let statuses = try await serving(FakeNode(), in: state) { try await $0.statuses() }
            #expect(statuses == [FakeNode.status])
        }
    }

    @Test func `A second node for the same folder is refused, with who has it`() async throws {
        try await withStateFolder { (state) async throws in
            try await serving(FakeNode(), in: state) { (client) async throws in
                let error = #expect(throws: ControlError.self) {
                    try ControlServer(node: FakeNode(), state: state, logger: logger)
                }
                #expect(error?.code == .conflict)
                let process = ProcessInfo.processInfo.processIdentifier
                #expect(
                    error?.message.hasPrefix("another tally (process \(process)) is working with the state folder")
                        == true
                )
                #expect(try await client.statuses() == [FakeNode.status])
            }
            let again = try await serving(FakeNode(), in: state) { try await $0.statuses() }
            #expect(again == [FakeNode.status])
        }
    }

    @Test func `A claim holds until it is released`() async throws {
        try await withStateFolder { (state) async throws in
            let socket = ControlSocket(state: "\(state)/new")
            let claim = try socket.claim()
            #expect(throws: ControlError.self) { try socket.claim() }
            claim.release()
            claim.release()
            try socket.claim().release()
        }
    }

    @Test func `A path that no socket address can hold is refused with its length`() {
        let socket = ControlSocket(state: "/" + String(repeating: "x", count: 120))
        let error = #expect(throws: ControlError.self) { try ControlClient(socket) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("the path has 134 bytes, and that of a socket may have 103") == true)
    }

    @Test func `A long path below the current folder works from there`() async throws {
        let current = FileManager.default.currentDirectoryPath
        let state = "\(current)/.build/" + String(repeating: "t", count: 80)
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        defer {
            // A leftover in the build folder is no reason to fail.
            try? FileManager.default.removeItem(atPath: state)
        }
        #expect("\(state)/control.sock".utf8.count > 103)
        let statuses = try await serving(FakeNode(), in: state) { try await $0.statuses() }
        #expect(statuses == [FakeNode.status])
    }

    @Test func `A node that went away is said not to answer`() async throws {
        try await withStateFolder { (state) async throws in
            let client = try ControlClient(ControlSocket(state: state))
            let error = await #expect(throws: ControlError.self) { try await client.statuses() }
            #expect(error?.code == .silent)
            #expect(error?.message.hasPrefix("\(state)/control.sock: the node does not answer") == true)
        }
    }
}
