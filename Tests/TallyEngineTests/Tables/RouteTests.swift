import TallyEngine
import TallyModel
import TallyTransform
import Testing

struct RouteTests {
    private func route(_ settings: TransformSettings = TransformSettings(), ignored: Set<Int> = []) throws -> Route {
        try Route(Samples.items, adopted: Samples.items, ignored: ignored, settings: settings)
    }

    @Test func rowsOfAnOlderStructureGoWhereTheirColumnsAreNow() throws {
        var adopted = Samples.items
        adopted.version = 2
        adopted.columns = [adopted.columns[0], Column(id: 3, name: "renamed"), Column(id: 4, name: "new")]
        let route = try Route(Samples.items, adopted: adopted, ignored: [], settings: TransformSettings())
        #expect(route.output.columns.map(\.name) == ["id", "renamed"])
        #expect(try route.row(Row([.integer(1), .integer(2), .integer(3)])) == Row([.integer(1), .integer(3)]))
    }

    @Test func columnsThatTheRulesLeaveOutAreNotSent() throws {
        let route = try route(ignored: [2])
        #expect(route.output.columns.map(\.name) == ["id", "b"])
        #expect(try route.change(Samples.insert(1, 2, 3)).row == Row([.integer(1), .integer(3)]))
    }

    @Test func aRowThatIsNotLetInIsDeleted() throws {
        let route = try route(TransformSettings(where: "a > 5"))
        #expect(try route.change(Samples.insert(1, 9)).operation == .insert)
        #expect(try route.change(Samples.update(1, 2, 2)) == Samples.delete(1))
    }

    @Test func aMovedRowThatIsNotLetInIsDeletedUnderItsFormerKey() throws {
        let route = try route(TransformSettings(where: "a > 5"))
        #expect(try route.change(Samples.update(2, 1, 1, from: 1)) == Samples.delete(1))
    }

    @Test func aTransformThatDoesNotFitIsNamedWithItsTable() throws {
        let error = #expect(throws: StoreError.self) { try route(TransformSettings(where: "nothing = 1")) }
        #expect(error?.code == .incompatibleSchema)
        #expect(error?.table == Samples.items.name)
    }

    @Test func aKeyThatIsGoneStopsTheTable() throws {
        var adopted = Samples.items
        adopted.version = 2
        adopted.columns.removeFirst()
        adopted.key = [0]
        let error = #expect(throws: StoreError.self) {
            try Route(Samples.items, adopted: adopted, ignored: [], settings: TransformSettings())
        }
        #expect(error?.code == .incompatibleSchema)
    }
}

struct AdoptionTests {
    /// `items` with a dropped, b renamed to c and d added.
    private var altered: TableSchema {
        var schema = Samples.items
        schema.version = 2
        schema.columns = [schema.columns[0], Column(id: 3, name: "c"), Column(id: 4, name: "d")]
        return schema
    }

    private func steps(_ rules: SchemaRules) -> [TableAlteration] {
        Adoption(from: Samples.items, to: altered, rules: rules)
            .steps(for: altered, existing: Samples.items, previous: Samples.items)
    }

    @Test func columnsAreFollowedByWhatTheyAreAndNotByName() {
        let added = TableAlteration.add(Column(id: 4, name: "d"), from: nil)
        #expect(steps(SchemaRules()) == [.rename(from: "b", to: "c"), added])
        #expect(steps(SchemaRules(dropped: .follow)) == [.rename(from: "b", to: "c"), .drop(column: "a"), added])
    }

    @Test func aRulePausesOnlyWhatItSpeaksOf() {
        let rules = SchemaRules(added: .pause)
        #expect(Adoption(from: Samples.items, to: altered, rules: rules).pauseReason(flow: "f") != nil)
        #expect(Adoption(from: Samples.items, to: Samples.items, rules: rules).pauseReason(flow: "f") == nil)
        #expect(Adoption(from: Samples.items, to: altered, rules: SchemaRules()).pauseReason(flow: "f") == nil)
    }

    @Test func whatTheTargetHasAlreadyIsNotAddedAgain() {
        let plan = Adoption(from: Samples.items, to: altered, rules: SchemaRules())
        #expect(plan.steps(for: altered, existing: altered, previous: Samples.items).isEmpty)
    }

    @Test func ignoredColumnsAreThoseThatAreNew() {
        #expect(Adoption(from: Samples.items, to: altered, rules: SchemaRules(added: .ignore)).ignored == [4])
        #expect(Adoption(from: Samples.items, to: altered, rules: SchemaRules()).ignored.isEmpty)
    }
}
