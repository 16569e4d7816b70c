import TallyEngine
import TallyGroup
import TallyModel
import TallyService
import TallyTransform
import Testing

@Suite struct GroupLoopsTests {
    private let group = GroupSettings(
        name: "g",
        members: ["a", "b"],
        seed: "a",
        tables: [GroupTableSettings(name: TableName("t"))]
    )

    private func flow(
        _ name: String,
        _ from: String,
        _ to: String,
        tables: [String] = ["*"],
        as table: String? = nil
    ) -> FlowConfiguration {
        var settings = FlowSettings(name: name, tables: TableSelection(tables))
        if let table {
            var transform = TransformSettings()
            transform.table = table
            settings.transforms = [TableName("t"): transform]
        }
        return FlowConfiguration(from: from, to: to, settings: settings)
    }

    private func configuration(_ flows: [FlowConfiguration], _ groups: [GroupSettings] = []) -> Configuration {
        let stores = ["a", "b", "c", "d"].map {
            StoreConfiguration(name: $0, kind: "sqlite", settings: ["path": "/\($0).db"])
        }
        return Configuration(
            path: "/tally.yaml",
            state: "/.tally",
            stores: stores,
            flows: flows,
            groups: [group] + groups
        )
    }

    private func paths(_ flows: [FlowConfiguration], _ groups: [GroupSettings] = []) -> [[String]] {
        GroupLoops(configuration(flows, groups)).loops(of: group).map(\.path)
    }

    @Test func `A flow between two members is a loop`() {
        #expect(paths([flow("f", "a", "b")]) == [["flow f"]])
        #expect(paths([flow("f", "a", "b", tables: ["*", "!t"])]).isEmpty)
        #expect(paths([flow("f", "a", "b", as: "copy")]).isEmpty)
    }

    @Test func `Flows into and out of a group are none`() {
        #expect(paths([flow("in", "c", "a"), flow("out", "b", "d")]).isEmpty)
    }

    @Test func `Flows that come back are, also to the same member and under another name on the way`() {
        #expect(paths([flow("out", "a", "c"), flow("in", "c", "a")]) == [["flow out", "flow in"]])
        #expect(paths([flow("out", "a", "c", as: "u"), flow("in", "c", "b")]).isEmpty)
        #expect(paths([flow("one", "a", "c"), flow("two", "c", "d"), flow("three", "d", "b")]).map(\.count) == [3])
    }

    @Test func `Another group of the same members and table is a loop`() {
        var other = group
        other.name = "h"
        #expect(paths([], [other]) == [["group h"]])
        other.members = ["b", "c"]
        #expect(paths([], [other]).isEmpty)
        #expect(paths([flow("back", "c", "a")], [other]) == [["group h", "flow back"]])
        other.tables = [GroupTableSettings(name: TableName("u"))]
        #expect(paths([flow("back", "c", "a")], [other]).isEmpty)
    }

    @Test func `One store under two names is told`() {
        var configuration = configuration([])
        configuration.stores[1].settings = ["path": "/a.db"]
        #expect(
            GroupLoops(configuration).doubles(in: group).map(\.message) == [
                "a and b are one store; a member is named once"
            ]
        )
    }
}
