import TallyModel
import TallyPostgres
import Testing

@Suite("The structure of rows in the log", .timeLimit(.minutes(15)))
struct StructureTrackerTests {
    private static let (int, bigint, text, varchar): (UInt32, UInt32, UInt32, UInt32) = (23, 20, 25, 1043)
    private let int = Self.int

    /// Columns as `number name type`; the first is the key.
    private func table(
        _ columns: [(Int16, String, UInt32)],
        dropped: [Int16] = [],
        name: String = "t",
        oid: UInt32 = 1,
        version: Int = 100,
        modifier: Int32 = -1
    ) -> PostgresTable {
        let described = columns.map { number, name, type in
            PostgresColumn(
                name: name,
                number: number,
                type: type,
                typeModifier: type == Self.varchar ? modifier : -1,
                typeName: "type\(type)",
                shape: type == Self.int ? .int4 : .text
            )
        }
        let schema = TableSchema(
            name: TableName(name),
            columns: columns.map {
                Column(id: Int($0), name: $1, declaredType: "type\($2)", isNullable: $0 != columns[0].0)
            },
            key: [0],
            version: version
        )
        let holes = dropped.map { PostgresTable.DroppedColumn(number: $0) }
        return PostgresTable(oid: oid, schema: schema, columns: described, dropped: holes)
    }

    private func message(_ columns: [(String, UInt32)], name: String = "t", oid: UInt32 = 1) -> RelationDescription {
        RelationDescription(
            oid: oid,
            namespace: "public",
            name: name,
            columns: columns.map { .init(isIdentity: false, name: $0, type: $1) }
        )
    }

    private func tracker(_ tables: PostgresTable..., at lsn: UInt64 = 100) -> StructureTracker {
        var tracker = StructureTracker()
        _ = tracker.catalog(tables, at: lsn)
        return tracker
    }

    /// Asks as a reader of the log does: reads the catalog when it is told to.
    private func structure(
        _ tracker: inout StructureTracker,
        _ message: RelationDescription,
        _ tables: PostgresTable...,
        at lsn: UInt64 = 50
    ) -> PostgresTable? {
        if case .structure(let table) = tracker.relation(message, at: lsn) { return table }
        _ = tracker.catalog(tables, at: 200)
        guard case .structure(let table) = tracker.relation(message, at: lsn) else { return nil }
        return table
    }

    private func numbers(_ message: [(String, UInt32)], in table: PostgresTable) -> [Int]? {
        var tracker = tracker(table)
        return structure(&tracker, self.message(message), table)?.schema.columns.map(\.id)
    }

    // MARK: Recognising

    @Test func aDescriptionOfTodaysStructureIsKnownWithoutAsking() {
        let table = table([(1, "id", int), (3, "a", Self.text)])
        var tracker = tracker(table)
        let message = message([("id", int), ("a", Self.text)])
        #expect(tracker.relation(message, at: 50) == .structure(table))
        #expect(tracker.relation(message, at: 150) == .structure(table))
    }

    @Test func tablesThatAreNotCapturedArePassedOver() {
        var tracker = tracker(table([(1, "id", int)]))
        #expect(tracker.relation(message([("id", int)], oid: 2), at: 50) == .ignored)
    }

    @Test func theCatalogIsReadOnceForAStructureItDoesNotExplain() {
        let now = table([(1, "id", int), (2, "a", int), (3, "b", int)])
        var tracker = tracker(now)
        let old = message([("id", int), ("a", int)])
        #expect(tracker.relation(old, at: 50) == .needsCatalog)
        #expect(tracker.catalog([now], at: 200).isEmpty)
        guard case .structure(let structure) = tracker.relation(old, at: 50) else {
            Issue.record("an older structure is not recognised")
            return
        }
        #expect(structure.schema.columns.map(\.name) == ["id", "a"])
        #expect(structure.schema.version < now.schema.version)
        #expect(tracker.relation(old, at: 60) == .structure(structure))
        #expect(tracker.relation(message([("id", int), ("a", int), ("b", int)]), at: 70) == .structure(now))
        #expect(tracker.relation(old, at: 80) == .structure(structure))
    }

    @Test func olderStructuresHaveVersionsOfTheirOwn() {
        let now = table([(1, "id", int), (4, "c", int)], dropped: [2, 3])
        var tracker = tracker(now)
        let first = structure(&tracker, message([("id", int), ("a", int)]), now, at: 50)
        let second = structure(&tracker, message([("id", int), ("a", int), ("b", int)]), now, at: 50)
        let third = structure(&tracker, message([("id", int)]), now, at: 500)
        let versions = [first, second, third].compactMap { $0?.schema.version }
        #expect(Set(versions).count == 3)
        #expect(versions.allSatisfy { $0 < now.schema.version })
    }

    // MARK: Numbers

    @Test func columnsAddedSinceAreNotLookedFor() {
        let now = table([(1, "id", int), (2, "a", int), (3, "b", int)])
        #expect(numbers([("id", int)], in: now) == [1])
        #expect(numbers([("id", int), ("a", int)], in: now) == [1, 2])
    }

    @Test func columnsDroppedSinceKeepTheirNumbers() {
        let now = table([(1, "id", int), (4, "c", int)], dropped: [2, 3])
        #expect(numbers([("id", int), ("a", int), ("b", int), ("c", int)], in: now) == [1, 2, 3, 4])
        let one = numbers([("id", int), ("b", int), ("c", int)], in: now)
        #expect(one?.first == 1 && one?.last == 4)
    }

    @Test func whereADroppedColumnMayAsWellBeARenamedOneALoadFollows() {
        let now = table([(1, "id", int), (4, "c", int)], dropped: [2, 3])
        var tracker = tracker(now)
        #expect(structure(&tracker, message([("id", int), ("a", int), ("b", int)]), now) != nil)
        #expect(tracker.passed(200).map(\.table) == [TableName("t")])
        // Where the names say it all, none does.
        #expect(structure(&tracker, message([("id", int), ("a", int), ("b", int), ("c", int)]), now) != nil)
        #expect(tracker.nextDue == nil)
    }

    @Test func columnsRenamedSinceAreFoundByTheirPlace() {
        let now = table([(1, "id", int), (2, "new", Self.text), (3, "b", int)])
        #expect(numbers([("id", int), ("old", Self.text), ("b", int)], in: now) == [1, 2, 3])
        #expect(numbers([("id", int), ("old", Self.text)], in: now) == [1, 2])
    }

    @Test func namesThatWanderedToOtherColumnsDoNotMislead() {
        // a was renamed to b, and then an a was added.
        let now = table([(1, "id", int), (2, "b", int), (3, "a", int)])
        #expect(numbers([("id", int), ("a", int)], in: now) == [1, 2])
        // b was dropped, and a b of another type was added behind c.
        let again = table([(1, "id", int), (3, "c", int), (4, "b", Self.text)], dropped: [2])
        #expect(numbers([("id", int), ("b", int), ("c", int)], in: again) == [1, 2, 3])
    }

    @Test func whatNoHistoryExplainsIsPassedOverUntilALoad() {
        let now = table([(1, "id", int), (2, "a", int)])
        var tracker = tracker(now)
        let odd = message([("id", int), ("a", int), ("x", int), ("y", int)])
        #expect(tracker.relation(odd, at: 50) == .needsCatalog)
        _ = tracker.catalog([now], at: 200)
        #expect(tracker.relation(odd, at: 50) == .ignored)
        #expect(tracker.passed(99).isEmpty)
        guard case .invalidated(let schema, _)? = tracker.passed(200).first else {
            Issue.record("the table is not loaded again")
            return
        }
        #expect(schema == now.schema)
    }

    // MARK: Changes

    @Test func newTablesComeWithTheirSchemaAndGoneOnesByName() {
        var tracker = tracker(table([(1, "id", int)]))
        let other = table([(1, "id", int)], name: "u", oid: 2)
        #expect(tracker.catalog([other], at: 200) == [.dropped(TableName("t")), .created(other.schema)])
        #expect(tracker.relation(message([("id", int)]), at: 150) == .ignored)
        #expect(tracker.tables == [other])
    }

    @Test func columnsThatComeAndGoAreToldOnce() {
        let (old, new) = (
            table([(1, "id", int), (2, "a", int)]), table([(1, "id", int), (3, "b", int)], dropped: [2], version: 200)
        )
        var tracker = tracker(old)
        #expect(tracker.catalog([new], at: 200) == [.altered(from: old.schema, to: new.schema)])
        #expect(tracker.catalog([new], at: 300).isEmpty)
        // The log is behind the catalog: rows of the old structure are still to come, and no question is asked.
        #expect(tracker.relation(message([("id", int), ("a", int)]), at: 150) == .structure(old))
        #expect(tracker.relation(message([("id", int), ("b", int)]), at: 180) == .structure(new))
    }

    @Test func readingTheSameStructureAgainKeepsItsVersion() {
        let table = table([(1, "id", int)])
        var tracker = tracker(table)
        var later = table
        later.schema.version = 900
        later.estimatedRows = 7
        later.replicaIdentity = .full
        #expect(tracker.catalog([later], at: 900).isEmpty)
        #expect(tracker.table(1)?.schema == table.schema)
        #expect(tracker.table(1)?.estimatedRows == 7)
        #expect(tracker.table(1)?.replicaIdentity == .full)
    }

    @Test func aReadThatWasOvertakenByALaterOneSaysNothing() {
        let (old, new) = (table([(1, "id", int)]), table([(1, "id", int), (2, "a", int)], version: 200))
        var tracker = tracker(old)
        #expect(tracker.catalog([new], at: 200).count == 1)
        #expect(tracker.catalog([old], at: 150).isEmpty)
        #expect(tracker.table(1)?.schema == new.schema)
    }

    @Test func aNewStructureHasANewerVersionEvenIfTheServerWasIdle() {
        var tracker = tracker(table([(1, "id", int)]))
        let changes = tracker.catalog([table([(1, "id", int), (2, "a", int)])], at: 100)
        guard case .altered(let from, let to)? = changes.first else {
            Issue.record("the change is not told")
            return
        }
        #expect(to.version > from.version)
    }

    @Test func aTableUnderAnotherNameIsAnotherTableWithTheSameHistory() {
        let old = table([(1, "id", int), (2, "a", int)])
        var tracker = tracker(old)
        let new = table([(1, "id", int), (2, "a", int)], name: "u", version: 200)
        #expect(tracker.catalog([new], at: 200) == [.dropped(TableName("t")), .created(new.schema)])
        // Rows from before go where the table is now.
        #expect(tracker.relation(message([("id", int), ("a", int)]), at: 150) == .structure(new))
    }

    @Test func aTableMadeAnewUnderItsNameNeedsALoad() {
        var tracker = tracker(table([(1, "id", int)]))
        let new = table([(1, "id", int)], oid: 9, version: 200)
        let changes = tracker.catalog([new], at: 200)
        #expect(changes.count == 1)
        guard case .invalidated(let schema, _)? = changes.first else {
            Issue.record("the table is not loaded again")
            return
        }
        #expect(schema == new.schema)
    }

    @Test func tablesThatSwappedNamesBothNeedALoad() {
        var tracker = tracker(table([(1, "id", int)], name: "a", oid: 1), table([(1, "id", int)], name: "b", oid: 2))
        let changes = tracker.catalog(
            [table([(1, "id", int)], name: "b", oid: 1), table([(1, "id", int)], name: "a", oid: 2)],
            at: 200
        )
        let invalidated = changes.compactMap { change in
            if case .invalidated(let schema, _) = change { schema.name.name } else { nil }
        }
        #expect(invalidated == ["a", "b"])
        #expect(changes.count == 2)
    }

    @Test func aColumnDroppedAndAddedAgainIsAnotherOne() {
        let old = table([(1, "id", int), (2, "a", int)])
        var tracker = tracker(old)
        let new = table([(1, "id", int), (3, "a", int)], dropped: [2], version: 200)
        #expect(tracker.catalog([new], at: 200) == [.altered(from: old.schema, to: new.schema)])
        #expect(tracker.relation(message([("id", int), ("a", int)]), at: 250) == .structure(new))
    }

    // MARK: Rewritten rows

    @Test func aChangedTypeNeedsALoadWhenTheOldRowsHavePassed() {
        let (old, new) = (
            table([(1, "id", int), (2, "a", int)]), table([(1, "id", int), (2, "a", Self.bigint)], version: 200)
        )
        var tracker = tracker(old)
        #expect(tracker.catalog([new], at: 200) == [.altered(from: old.schema, to: new.schema)])
        #expect(tracker.nextDue == 200)
        #expect(tracker.passed(199).isEmpty)
        #expect(tracker.passed(200).map(\.table) == [TableName("t")])
        #expect(tracker.passed(300).isEmpty)
        #expect(tracker.nextDue == nil)
    }

    @Test func rowsOfAnOlderTypeFoundInABacklogNeedALoadBehindThem() {
        let now = table([(1, "id", int), (2, "a", Self.bigint)])
        var tracker = tracker(now)
        let old = structure(&tracker, message([("id", int), ("a", int)]), now)
        #expect(old?.columns[1].type == int)
        #expect(tracker.passed(100).map(\.table) == [TableName("t")])
    }

    @Test(arguments: [(Int32(24), Int32(54), false), (24, -1, false), (54, 24, true), (-1, 24, true)])
    func aTypeThatKeepsEveryValueNeedsNone(from: Int32, to: Int32, needsLoad: Bool) {
        let columns: [(Int16, String, UInt32)] = [(1, "id", int), (2, "a", Self.varchar)]
        var tracker = tracker(table(columns, modifier: from))
        #expect(tracker.catalog([table(columns, version: 200, modifier: to)], at: 200).count == 1)
        #expect((tracker.nextDue != nil) == needsLoad)
    }

    @Test func aChangedKeyHidesTheRowsFromBefore() {
        let old = table([(1, "id", int), (2, "a", int)])
        var new = table([(1, "id", int), (2, "a", int), (3, "b", int)], version: 200)
        new.schema.key = [1]
        var tracker = tracker(old)
        #expect(tracker.catalog([new], at: 200) == [.altered(from: old.schema, to: new.schema)])
        #expect(tracker.relation(message([("id", int), ("a", int)]), at: 150) == .ignored)
        #expect(tracker.passed(200).map(\.table) == [TableName("t")])
    }

    @Test func changesThatComeTooLateForATransactionBringALoad() {
        let (old, new) = (table([(1, "id", int)]).schema, table([(1, "id", int), (2, "a", int)], version: 200).schema)
        let late = StructureTracker.late([.altered(from: old, to: new), .dropped(TableName("u"))])
        #expect(late.map(\.table.name) == ["t", "t", "u"])
        guard case .invalidated(let schema, _) = late[1] else {
            Issue.record("the table is not loaded again")
            return
        }
        #expect(schema == new)
    }
}
