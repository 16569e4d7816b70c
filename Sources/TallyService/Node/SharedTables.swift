import TallyEngine
import TallyModel
import TallyTransform

/// Finds tables of a target that two flows would write.
///
/// Two flows may share a target, not a table in it: each would take the other's rows for surplus ones.
struct SharedTables {
    struct Clash: Sendable, Hashable {
        let flows: [String]
        let table: TableName

        var message: String {
            "flows \(flows.joined(separator: " and ")) both write table \(table) of the same target; give one of them "
                + "another table with `transform: {TABLE: {table: NAME}}`, or leave the table out with \"!NAME\""
        }
    }

    /// - Returns: The clashes as far as the sources can be read now; one that cannot is left to its own flow to report.
    static func find(in configuration: Configuration) async -> [Clash] {
        let byTarget = Dictionary(grouping: configuration.flows) { flow in
            configuration.stores.first { $0.name == flow.to }?.place ?? flow.to
        }
        var clashes: [Clash] = []
        for flows in byTarget.values where flows.count > 1 {
            var writers: [TableName: [String]] = [:]
            for flow in flows {
                for table in await outputs(of: flow, configuration) {
                    writers[table, default: []].append(flow.settings.name)
                }
            }
            clashes += writers.filter { $0.value.count > 1 }.map { Clash(flows: $0.value, table: $0.key) }
        }
        return clashes.sorted { $0.table < $1.table }
    }

    private static func outputs(of flow: FlowConfiguration, _ configuration: Configuration) async -> [TableName] {
        do {
            let tables = try await FlowStores(flow, in: configuration).source.0.catalog().map(\.name)
            return tables.filter(flow.settings.tables.contains).map { table in
                flow.settings.transforms[table]?.table.map { TableName($0) } ?? table
            }
        } catch {
            return []
        }
    }
}

extension StoreConfiguration {
    /// The same for two names of one place.
    var place: String {
        kind + "\n" + settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
    }
}
