import TallyEngine
import TallyGroup
import TallyMerge
import TallyModel
import TallyTransform

/// Looks at every group and its members before anything runs, and changes nothing.
public struct GroupInspection {
    private let configuration: Configuration
    private let settings: GroupSettings
    private let now: WallClock
    /// The kinds of store that members are.
    private var kinds: Set<String> = []
    private var found: [(member: String?, finding: Finding)] = []

    public static func run(_ configuration: Configuration) async -> [GroupFindings] {
        var results: [GroupFindings] = []
        for settings in configuration.groups {
            var inspection = GroupInspection(configuration, settings)
            results.append(await inspection.inspect())
        }
        return results
    }

    private init(_ configuration: Configuration, _ settings: GroupSettings) {
        self.configuration = configuration
        self.settings = settings
        now = Timestamp.now
    }

    private mutating func inspect() async -> GroupFindings {
        let loops = GroupLoops(configuration)
        add(nil, loops.doubles(in: settings) + loops.loops(of: settings).map(\.finding))
        add(nil, await ledger())
        var labels = settings.members.map { (name: $0, label: $0) }
        do {
            let stores = try settings.stores(in: configuration)
            labels = stores.map { ($0.name, $0.label) }
            kinds = Set(stores.map(\.kind))
            if let seed = stores.first(where: { $0.name == settings.seed }), let tables = await seedTables(seed) {
                for (place, store) in stores.enumerated() { await inspect(store, place, tables, of: seed) }
            }
        } catch {
            add(nil, [finding(error)])
        }
        return GroupFindings(group: settings.name, members: labels, found: found)
    }

    private mutating func add(_ member: String?, _ findings: [Finding]) {
        found += findings.map { (member, $0) }
    }

    /// What is wrong with the group's ledger, as far as a glance shows.
    private func ledger() async -> [Finding] {
        do {
            let path = configuration.ledgerPath(ofGroup: settings.name)
            _ = try await GroupStatus(notRunning: settings, members: [], ledgerPath: path, now: Timestamp.now)
            return []
        } catch {
            return [finding(error)]
        }
    }

    // MARK: The seed

    /// The group's tables, as far as the seed has them; `nil` where it cannot be asked.
    private mutating func seedTables(_ seed: MemberStore) async -> [TableSchema]? {
        let catalog: [TableSchema]
        do {
            catalog = try await seed.source.catalog()
        } catch {
            add(seed.name, [finding(error)])
            return nil
        }
        var tables: [TableSchema] = []
        for table in settings.tables {
            guard let schema = catalog.first(where: { $0.name == table.name }) else {
                let nearest = nearestName(to: "\(table.name)", in: catalog.map { "\($0.name)" })
                add(
                    seed.name,
                    [
                        Finding(
                            .error,
                            table: table.name,
                            "the seed has no such table, or none whose rows a key tells apart",
                            remedy: nearest.map { "did you mean \($0)?" } ?? "make it there, or correct the name"
                        )
                    ]
                )
                continue
            }
            let findings = Self.key(of: schema) + GroupPolicies(table, schema, kind: seed.kind).findings
            add(schema.hasImplicitKey ? seed.name : nil, findings)
            if !schema.hasImplicitKey { tables.append(schema) }
        }
        return tables
    }

    private static func key(of schema: TableSchema) -> [Finding] {
        guard schema.hasImplicitKey else { return [] }
        return [
            Finding(
                .error,
                table: schema.name,
                "the table declares no key, and a group needs one: what SQLite numbers rows by is another in every file",
                remedy: "make the table anew with a PRIMARY KEY"
            )
        ]
    }

    // MARK: Members

    private mutating func inspect(
        _ store: MemberStore,
        _ place: Int,
        _ tables: [TableSchema],
        of seed: MemberStore
    ) async {
        do {
            let catalog = store.name == seed.name ? tables : try await store.target.catalog()
            for table in tables where store.name != seed.name {
                let schema = catalog.first { $0.name == table.name }
                add(store.name, about(table, kind: seed.kind, in: store, schema: schema))
            }
            if store.kind == "sqlite" { add(store.name, tables.flatMap { keys(of: $0, in: catalog) }) }
            // A hidden key is said elsewhere, and nothing else about such a table matters.
            let keyless = Set(catalog.filter(\.hasImplicitKey).map(\.name))
            let names = store.name == seed.name ? tables.map(\.name) : settings.tables.map(\.name)
            add(store.name, try await store.source.inspect(captureRequest(names.filter { !keyless.contains($0) })))
            add(store.name, try await store.target.inspect(memberRequest(store, place, tables)))
        } catch {
            add(store.name, [finding(error)])
        }
    }

    private func about(
        _ table: TableSchema,
        kind: String,
        in store: MemberStore,
        schema: TableSchema?
    ) -> [Finding] {
        if let schema {
            let group = (GroupTable.schema(from: table), kind: kind)
            return GroupTableFit(group, seed: settings.seed, member: (schema, kind: store.kind)).findings
        }
        if settings.createsMissing {
            return [Finding(.note, table: table.name, "will be made, as \(settings.seed) has it")]
        }
        return [
            Finding(
                .error,
                table: table.name,
                "there is no such table, and `create: never` is set",
                remedy: "create it there, or set `create: missing`"
            )
        ]
    }

    /// Keys of a SQLite file that are not the group's: collations that take different texts for one.
    private func keys(of table: TableSchema, in catalog: [TableSchema]) -> [Finding] {
        guard let schema = catalog.first(where: { $0.name == table.name }), !schema.hasImplicitKey,
            let problem = KeyEquality(table, seed: settings.seed, kinds: kinds).problem(
                with: KeyEquality.collations(of: schema)
            )
        else { return [] }
        return [Finding(.error, table: table.name, problem.message, remedy: problem.remedy)]
    }

    private func captureRequest(_ tables: [TableName]) -> CaptureRequest {
        CaptureRequest(
            consumer: Consumer(flow: settings.name, targetID: "", targetLabel: "group \(settings.name)"),
            tables: TableSelection(tables.map { "\($0)" }),
            group: settings.name
        )
    }

    private func memberRequest(_ store: MemberStore, _ place: Int, _ tables: [TableSchema]) -> MemberRequest {
        let capturing = configuration.flows.filter { flow in
            flow.from == store.name && [.auto, .trigger].contains(flow.settings.capture.mode)
        }
        return MemberRequest(
            group: settings.name,
            tables: tables,
            createsMissing: settings.createsMissing,
            place: place,
            memberCount: settings.members.count,
            skew: settings.skew,
            flows: capturing.map(\.settings.name),
            now: now
        )
    }

    private func finding(_ error: any Error) -> Finding {
        let error = (error as? StoreError)?.inGroup(settings.name) ?? error
        return Finding(.error, table: (error as? StoreError)?.table, (error as? StoreError)?.message ?? "\(error)")
    }
}
