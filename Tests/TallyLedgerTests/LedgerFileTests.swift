import Foundation
import Testing
import TallyLedger
import TallyModel

@Suite struct LedgerFileTests {
    private func rights(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test func `The folder and the files are for their owner alone`() async throws {
        try await withTemporaryFolder { folder in
            let ledger = try await Ledger.open(path: "\(folder)/a/b/ledger.db")
            #expect(try rights("\(folder)/a/b") == 0o700)
            #expect(try rights("\(folder)/a/b/ledger.db") == 0o600)
            #expect(try rights("\(folder)/a/b/ledger.db-wal") == 0o600)
            #expect(try shell("\(folder)/a/b/ledger.db", "PRAGMA journal_mode") == "wal")
            await ledger.close()
        }
    }

    @Test func `The node keeps its identity`() async throws {
        try await withTemporaryFolder { folder in
            let ledger = try await Ledger.open(path: "\(folder)/ledger.db")
            let id = try await ledger.nodeID()
            #expect(UUID(uuidString: id) != nil)
            await ledger.close()
            let again = try await Ledger.open(path: "\(folder)/ledger.db")
            #expect(try await again.nodeID() == id)
            #expect(try shell("\(folder)/ledger.db", "SELECT id FROM node") == id)
        }
    }

    @Test func `Closing lets go of the file and later calls say so`() async throws {
        try await withTemporaryFolder { folder in
            let ledger = try await Ledger.open(path: "\(folder)/ledger.db")
            await ledger.close()
            await ledger.close()
            // SQLite removes the WAL when the last connection closes.
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/ledger.db-wal"))
            let error = await #expect(throws: StoreError.self) { try await ledger.pauses(of: "shop") }
            #expect(error?.message == "\(folder)/ledger.db: the ledger was closed")
        }
    }

    @Test func `A ledger that nobody closes is closed with the last reference to it`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/g.db"
            do {
                let ledger = try GroupLedger(path: path, group: "g")
                #expect(try ledger.identity().isEmpty == false)
                // SQLite keeps the WAL as long as anybody has the file open.
                #expect(FileManager.default.fileExists(atPath: path + "-wal"))
            }
            #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
        }
    }

    @Test func `Two processes may share a ledger`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/ledger.db"
            let (one, other) = (try await Ledger.open(path: path), try await Ledger.open(path: path))
            try await one.requestResync(flow: "shop", table: nil)
            try await other.requestResync(flow: "shop", table: TableName("a"))
            #expect(try await one.resyncRequests(of: "shop").map(\.table) == [nil, TableName("a")])
        }
    }

    @Test func `A ledger of a newer Tally is refused and left alone`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/ledger.db"
            let ledger = try await Ledger.open(path: path)
            await ledger.close()
            _ = try shell(path, "INSERT INTO migration VALUES ('time travel', 0)")
            let error = await #expect(throws: StoreError.self) { try await Ledger.open(path: path) }
            #expect(error?.code == .unsupported)
            #expect(
                error?.message
                    == "\(path): a newer Tally has written this ledger (its format has «time travel», which this "
                    + "version does not know); run that version, or give this one a `state:` folder of its own"
            )
            #expect(try shell(path, "SELECT count(*) FROM migration") == "3")
        }
    }

    @Test func `A file that is no ledger is refused and left alone`() async throws {
        try await withTemporaryFolder { folder in
            let database = "\(folder)/shop.db"
            _ = try shell(database, "CREATE TABLE customers (id)")
            var error = await #expect(throws: StoreError.self) { try await Ledger.open(path: database) }
            #expect(error?.code == .damaged)
            #expect(error?.message.contains("it is a database of something else") == true)
            #expect(try shell(database, "SELECT group_concat(name) FROM sqlite_schema") == "customers")
            #expect(try shell(database, "PRAGMA journal_mode") == "delete")

            let text = "\(folder)/notes.txt"
            try String(repeating: "no database at all\n", count: 100).write(
                toFile: text,
                atomically: true,
                encoding: .utf8
            )
            error = await #expect(throws: StoreError.self) { try await Ledger.open(path: text) }
            #expect(error?.code == .damaged)
        }
    }

    @Test func `A damaged ledger is refused, with what to do`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/ledger.db"
            let ledger = try await Ledger.open(path: path)
            _ = try await ledger.park((0..<200).map { Samples.letter(key: .integer($0)) })
            await ledger.close()
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            let size = try file.seekToEnd()
            try file.seek(toOffset: 4096)
            try file.write(contentsOf: Data(repeating: 0xa5, count: Int(size) - 4096))
            try file.close()

            let error = await #expect(throws: StoreError.self) { try await Ledger.open(path: path) }
            #expect(error?.code == .damaged)
            #expect(error?.message.hasPrefix("\(path): the ledger is damaged or no ledger: ") == true)
            #expect(error?.message.contains("restore the file from a backup, or move it away and start again") == true)
        }
    }

    @Test func `A letter that was changed by hand is an error, not a missing letter`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/ledger.db"
            let ledger = try await Ledger.open(path: path)
            let id = try await ledger.park([Samples.letter()])[0].id
            _ = try shell(path, "UPDATE dead_letter SET row = x'0102'")
            let error = await #expect(throws: StoreError.self) { try await ledger.deadLetters(of: "shop") }
            #expect(error?.code == .damaged)
            #expect(error?.message.contains("dead letter \(id) cannot be read") == true)
        }
    }

    @Test func `A folder that cannot be made is an error that names it`() async throws {
        try await withTemporaryFolder { folder in
            try "".write(toFile: "\(folder)/file", atomically: true, encoding: .utf8)
            let error = await #expect(throws: StoreError.self) {
                try await Ledger.open(path: "\(folder)/file/ledger.db")
            }
            #expect(error?.code == .unreachable)
            #expect(
                error?.message.hasPrefix("\(folder)/file/ledger.db: could not open the ledger: Not a directory") == true
            )
        }
    }
}
