import Testing
import TallyLedger
import TallyModel

@Suite struct WishTests {
    @Test func `A flow and its tables are paused and resumed apart`() async throws {
        try await withTemporaryFolder { folder in
            let ledger = try await Ledger.open(path: "\(folder)/ledger.db")
            let pauses = [
                Pause(table: nil, reason: nil, since: Samples.time(1)),
                Pause(table: TableName("orders"), reason: "the target lacks column x", since: Samples.time(2)),
                Pause(table: TableName("orders", schema: "archive"), reason: "", since: Samples.time(3)),
            ]
            for pause in pauses { try await ledger.pause(pause, flow: "shop") }
            try await ledger.pause(pauses[0], flow: "other")
            await ledger.close()

            let again = try await Ledger.open(path: "\(folder)/ledger.db")
            #expect(try await again.pauses(of: "shop") == pauses)
            try await again.resume(flow: "shop", table: nil)
            #expect(try await again.pauses(of: "shop") == Array(pauses.dropFirst()))
            try await again.resume(flow: "shop", table: TableName("orders"))
            #expect(try await again.pauses(of: "shop") == [pauses[2]])
            #expect(try await again.pauses(of: "other") == [pauses[0]])
        }
    }

    @Test func `Pausing what is paused takes the new reason`() async throws {
        try await withTemporaryFolder { folder in
            let ledger = try await Ledger.open(path: "\(folder)/ledger.db")
            let table = TableName("orders")
            try await ledger.pause(Pause(table: table, reason: "old", since: Samples.time(1)), flow: "shop")
            let latest = Pause(table: table, reason: "new", since: Samples.time(2))
            try await ledger.pause(latest, flow: "shop")
            #expect(try await ledger.pauses(of: "shop") == [latest])
        }
    }

    @Test func `A resync request waits until its load has begun`() async throws {
        try await withTemporaryFolder { folder in
            let ledger = try await Ledger.open(path: "\(folder)/ledger.db")
            let table = TableName("orders")
            try await ledger.requestResync(flow: "shop", table: table)
            try await ledger.requestResync(flow: "shop", table: table)
            try await ledger.requestResync(flow: "shop", table: nil)
            await ledger.close()

            let again = try await Ledger.open(path: "\(folder)/ledger.db")
            let requests = try await again.resyncRequests(of: "shop")
            #expect(requests.map(\.table) == [table, nil])
            try await again.resyncBegan(requests[0], flow: "shop")
            #expect(try await again.resyncRequests(of: "shop") == [requests[1]])
            try await again.resyncBegan(requests[1], flow: "shop")
            #expect(try await again.resyncRequests(of: "shop").isEmpty)
        }
    }

    @Test func `A request that is made again while the first begins is not forgotten with it`() async throws {
        try await withTemporaryFolder { folder in
            let ledger = try await Ledger.open(path: "\(folder)/ledger.db")
            for table in [TableName("orders"), nil] {
                try await ledger.requestResync(flow: "shop", table: table)
                let first = try await ledger.resyncRequests(of: "shop")
                #expect(first.map(\.table) == [table])
                try await ledger.requestResync(flow: "shop", table: table)
                try await ledger.resyncBegan(first[0], flow: "shop")
                let second = try await ledger.resyncRequests(of: "shop")
                #expect(second.map(\.table) == [table])
                try await ledger.resyncBegan(second[0], flow: "shop")
                #expect(try await ledger.resyncRequests(of: "shop").isEmpty)
            }
        }
    }

    @Test func `What stopped a flow is kept until it gets going, and the latest only`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/ledger.db"
            let ledger = try await Ledger.open(path: path)
            #expect(try await ledger.stop(of: "shop") == nil)
            try await ledger.note(nil, flow: "shop")
            let stops = [
                FlowStop(code: "damaged", reason: "the disk", since: Samples.time(1)),
                FlowStop(code: nil, reason: "none of the others", since: Samples.time(2)),
            ]
            for stop in stops { try await ledger.note(stop, flow: "shop") }
            await ledger.close()
            #expect(try shell(path, "SELECT flow, code, reason FROM stop") == "shop||none of the others")

            let again = try await Ledger.open(path: path)
            #expect(try await again.stop(of: "shop") == stops[1])
            #expect(try await again.stop(of: "other") == nil)
            #expect(try await again.flows() == ["shop"])
            try await again.note(nil, flow: "shop")
            #expect(try await again.stop(of: "shop") == nil)
            #expect(try await again.audit().map(\.action) == [.stop, .stop])
            try await again.note(stops[0], flow: "shop")
            try await again.remove(flow: "shop")
            #expect(try await again.stop(of: "shop") == nil)
        }
    }

    @Test func `Removing a flow forgets all of it and nothing of others`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/ledger.db"
            let ledger = try await Ledger.open(path: path)
            for flow in ["shop", "other"] {
                _ = try await ledger.park([Samples.letter(flow: flow)])
                try await ledger.pause(Pause(table: nil, reason: nil, since: Samples.time(1)), flow: flow)
                try await ledger.requestResync(flow: flow, table: nil)
            }
            try await ledger.remove(flow: "shop")
            #expect(try await ledger.flows() == ["other"])
            for table in ["dead_letter", "pause", "resync_request"] {
                #expect(try shell(path, "SELECT flow FROM \(table)") == "other")
            }
            #expect(try await ledger.deadLetters(of: "other").count == 1)
        }
    }

    @Test func `Every act is in the audit, in order, without values`() async throws {
        try await withTemporaryFolder { folder in
            let ledger = try await Ledger.open(path: "\(folder)/ledger.db", clock: { Samples.time(5) })
            let table = TableName("orders")
            let parked = try await ledger.park([Samples.letter(), Samples.letter(key: .integer(8))])
            try await ledger.removeDeadLetters([parked[0].id], why: .retried)
            try await ledger.removeDeadLetters([parked[1].id], why: .discarded)
            try await ledger.pause(Pause(table: table, reason: "why", since: Samples.time(1)), flow: "shop")
            try await ledger.resume(flow: "shop", table: table)
            try await ledger.resume(flow: "shop", table: table)
            try await ledger.requestResync(flow: "shop", table: nil)
            for request in try await ledger.resyncRequests(of: "shop") {
                try await ledger.resyncBegan(request, flow: "shop")
            }
            try await ledger.remove(flow: "shop")

            func entry(_ action: AuditEntry.Action, _ table: TableName? = nil, _ detail: String? = nil) -> AuditEntry {
                AuditEntry(at: Samples.time(5), action: action, flow: "shop", table: table, detail: detail)
            }
            #expect(
                try await ledger.audit().reversed() == [
                    entry(.park, table, "2 dead letters"),
                    entry(.retry, table, "1 dead letter"),
                    entry(.discard, table, "1 dead letter"),
                    entry(.pause, table, "why"),
                    entry(.resume, table),
                    entry(.requestResync),
                    entry(.beginResync),
                    entry(.remove),
                ]
            )
            #expect(try await ledger.audit(limit: 1) == [entry(.remove)])
        }
    }
}
