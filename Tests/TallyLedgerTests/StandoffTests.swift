import TallyLedger
import TallyMerge
import TallyModel
import Testing

/// What is known of rows in each other's way outlasts the process.
@Suite struct StandoffTests {
    private func row(_ number: Int64, table: Int = 0) -> RowID {
        RowID(table: table, key: KeyCoding.encode(Row([.integer(number)])))
    }

    private func lost(_ breach: Breach, further: Breach? = nil) -> Withholding {
        Withholding(breach: breach, sequence: 7, write: nil, wanted: nil, further: further)
    }

    /// Two lots: with one rule of each kind and what members told, and with a row of which two things are known.
    private func standoffs() -> [Standoff] {
        let name = [UniqueTerm(column: 1, folding: .caseless), UniqueTerm(column: 4)]
        let clash = Breach(row: row(2), rule: .unique(name, row(1)))
        let beyond = Breach(row: row(2), rule: .unique([UniqueTerm(column: 3)], row(4)))
        let child = Breach(row: row(5, table: 1), rule: .parent([2, 3], row(2)))
        let reference = Breach(
            row: row(6, table: 1),
            rule: .reference([4], Referenced(table: 0, columns: [3], former: row(1)))
        )
        let texts = Row([.integer(1), .text("é"), .null, nil, .real(1.5)])
        let told = ToldClash(row(4), texts, row(2), Row([.integer(2)]))
        let first = Standoff(
            withheld: [lost(clash, further: beyond)],
            known: [clash, beyond, child, reference],
            told: [told]
        )
        let check = Breach(row: row(10), rule: .row([1]))
        let parent = Breach(row: row(10), rule: .parent([2], row(11)))
        return [first, Standoff(withheld: [lost(check), lost(parent)], known: [check, parent])]
    }

    private func note(_ now: [Standoff], insteadOf former: [Standoff], in ledger: GroupLedger) throws {
        try ledger.writing {
            let moment = Timestamp(microseconds: 1)
            try ledger.note(now, insteadOf: former, constraints: [:], foundBy: nil, at: moment) { _ in nil }
        }
    }

    /// What a lot says, whatever the order in which it says it.
    private struct Content: Hashable {
        var lost: Set<Breach>
        var further: Set<Breach>
        var known: Set<Breach>
        var former: Set<RowID>
        var told: Set<ToldClash>

        init(_ standoff: Standoff) {
            lost = Set(standoff.withheld.map(\.breach))
            further = Set(standoff.withheld.compactMap(\.further))
            known = standoff.known
            // Not part of what makes two breaches equal.
            former = Set(standoff.known.compactMap(\.rule.referenced?.former))
            told = standoff.told
        }
    }

    @Test func `It is read as it was noted, and forgotten with the last row that waits`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/g.db"
            let all = standoffs()
            var ledger = try GroupLedger(path: path, group: "g")
            try note(all, insteadOf: [], in: ledger)
            ledger.close()

            ledger = try GroupLedger(path: path, group: "g")
            let read = try ledger.standoffs()
            #expect(Set(read.map(Content.init)) == Set(all.map(Content.init)))
            #expect(try ledger.withheldCount() == 3)

            // One more thing is found of the first, one less is known of it, and the second is settled.
            var first = all[0]
            first.known.insert(Breach(row: row(1), rule: .parent([2], row(4))))
            first.told = []
            try note([first], insteadOf: read, in: ledger)
            ledger.close()
            ledger = try GroupLedger(path: path, group: "g")
            #expect(try ledger.standoffs().map(Content.init) == [Content(first)])

            try note([], insteadOf: try ledger.standoffs(), in: ledger)
            ledger.close()
            #expect(try shell(path, "SELECT count(*) FROM finding") == "0")
            #expect(try shell(path, "SELECT count(*) FROM conflict WHERE state = 'waiting'") == "0")
        }
    }
}
