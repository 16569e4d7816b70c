import Testing
import TallyLedger
import TallyModel

@Suite struct DeadLetterTests {
    @Test func `A parked letter comes back as it was, after a reopen too`() async throws {
        try await withTemporaryFolder { folder in
            var letter = Samples.letter()
            letter.changes = 5
            let ledger = try await Ledger.open(path: "\(folder)/ledger.db")
            let parked = try await ledger.park([letter])
            letter.id = parked[0].id
            #expect(letter.id > 0)
            #expect(parked == [letter])
            #expect(try await ledger.deadLetters(of: "shop") == [letter])
            await ledger.close()

            let again = try await Ledger.open(path: "\(folder)/ledger.db")
            #expect(try await again.deadLetters(of: "shop") == [letter])
            #expect(try await again.deadLetter(letter.id) == letter)
            #expect(try await again.deadLetter(letter.id + 1) == nil)
        }
    }

    @Test func `Every kind of value survives`() async throws {
        try await withTemporaryFolder { folder in
            let values: [Value?] = [
                nil, .null, .boolean(true), .integer(.min), .real(.infinity), .decimal("-12.50"), .text(""),
                .bytes([]), .date(days: -1), .time(microseconds: 1), .timestamp(microseconds: 2, isZoned: true),
                .interval(Interval(months: 1, days: 2, microseconds: 3)), .uuid(high: 1, low: 2), .json("{}"),
                .array([.null, .text("a")]), .other(OtherValue(typeName: "text", bytes: [0xff])),
            ]
            let ledger = try await Ledger.open(path: "\(folder)/ledger.db")
            let parked = try await ledger.park([Samples.letter(row: values)])
            #expect(try await ledger.deadLetters(of: "shop").map(\.change.row) == [Row(values)])
            #expect(parked.map(\.change.row.values.count) == [values.count])
        }
    }

    @Test func `A letter for a parked row replaces it and keeps its id and first time`() async throws {
        try await withTemporaryFolder { folder in
            let ledger = try await Ledger.open(path: "\(folder)/ledger.db")
            let first = try await ledger.park([Samples.letter(seen: 100)])[0]
            var later = Samples.letter(row: [.integer(7), .text("other"), nil], reason: "NOT NULL", seen: 200)
            later.changes = 2
            later.position = Position(order: 50)
            let second = try await ledger.park([later])[0]

            #expect(second.id == first.id)
            #expect(second.firstSeen == Samples.time(100))
            #expect(second.lastSeen == Samples.time(200))
            #expect(second.change == later.change)
            #expect(try await ledger.deadLetters(of: "shop") == [second])
        }
    }

    @Test func `Flow, schema, table and the exact kind of the key tell rows apart`() async throws {
        try await withTemporaryFolder { folder in
            let ledger = try await Ledger.open(path: "\(folder)/ledger.db")
            let letters = [
                Samples.letter(),
                Samples.letter(flow: "other"),
                Samples.letter(schema: Samples.archived, row: [.integer(7)]),
                Samples.letter(key: .text("7")),
                Samples.letter(key: .real(7)),
                Samples.letter(key: .null),
            ]
            let parked = try await ledger.park(letters)
            #expect(Set(parked.map(\.id)).count == letters.count)
            #expect(try await ledger.deadLetters(of: "shop").count == 5)
            #expect(try await ledger.deadLetters(of: "other").count == 1)
            #expect(try await ledger.flows() == ["other", "shop"])
        }
    }

    @Test func `Letters come oldest first, and in the order given from park`() async throws {
        try await withTemporaryFolder { folder in
            let ledger = try await Ledger.open(path: "\(folder)/ledger.db")
            let keys: [Value] = [.integer(3), .integer(1), .integer(2)]
            let parked = try await ledger.park(keys.map { Samples.letter(key: $0) })
            #expect(parked.map { $0.key[0] } == keys)
            _ = try await ledger.park([Samples.letter(key: .integer(3), seen: 900)])
            #expect(try await ledger.deadLetters(of: "shop").map { $0.key[0] } == keys)
        }
    }

    @Test func `Taking letters out leaves the others, and an id is never given again`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/ledger.db"
            let ledger = try await Ledger.open(path: path)
            let parked = try await ledger.park([Samples.letter(), Samples.letter(key: .integer(8))])
            try await ledger.removeDeadLetters([parked[1].id, 999], why: .discarded)
            #expect(try await ledger.deadLetters(of: "shop") == [parked[0]])
            try await ledger.removeDeadLetters([parked[0].id], why: .retried)
            #expect(try shell(path, "SELECT count(*) FROM dead_letter") == "0")
            #expect(try shell(path, "SELECT count(*) FROM captured_schema") == "0")
            #expect(try await ledger.park([Samples.letter()])[0].id > parked[1].id)
        }
    }

    @Test func `Many letters of one table share its structure`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/ledger.db"
            let ledger = try await Ledger.open(path: path)
            let letters = (0..<500).map { Samples.letter(key: .integer($0)) }
            #expect(try await ledger.park(letters).count == 500)
            #expect(try shell(path, "SELECT count(*) FROM dead_letter") == "500")
            #expect(try shell(path, "SELECT count(*) FROM captured_schema") == "1")
        }
    }
}
