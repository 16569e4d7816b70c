import Foundation
import TallyEngine
import TallyModel
import TallyService
import TallyTransform
import Testing

@Suite("What a configuration file says")
struct ConfigurationTests {
    @Test("a short file takes the default of everything it leaves out")
    func defaults() throws {
        let configuration = try loadConfiguration(configurationText())
        #expect(configuration.path == "/shop/tally.yaml")
        #expect(configuration.state == "/shop/.tally")
        #expect(
            configuration.stores == [
                StoreConfiguration(name: "shop", kind: "sqlite", settings: ["path": "/shop/shop.db"]),
                StoreConfiguration(name: "copy", kind: "sqlite", settings: ["path": "/shop/copy.db"]),
            ]
        )
        let settings = FlowSettings(name: "shop-to-copy")
        #expect(configuration.flows == [FlowConfiguration(from: "shop", to: "copy", settings: settings)])
        #expect(settings.tables == TableSelection(["*"]))
        #expect(settings.memory == .mebibytes(64))
        #expect(settings.createsMissing && settings.existing == .refuse)
    }

    @Test("every key of a flow arrives where the engine reads it")
    func everything() throws {
        let yaml = """
            state: ../state
            stores:
              shop:
                kind: sqlite
                path: data/shop.db
              copy: { kind: sqlite, path: /var/copy.db }
            flows:
              - name: shop.to_copy-1
                from: shop
                to: copy
                tables: ["*", "!audit_*"]
                capture:
                  mode: timestamp
                  column: updated_at
                  columns: { orders: modified_at }
                  overlap: 30s
                  poll: 250ms
                  sweep: 5m
                  deleted: deleted_at
                create: never
                existing: replace
                schema: { added: ignore, dropped: follow, renamed: pause }
                transform:
                  customers:
                    where: "country <> 'XX'"
                    set: { email: sha256(email), vip: NULL, one: 1 }
                    drop: [notes, fax]
                    rename: { name: full_name }
                    table: clients
                  orders: { drop: note }
                lag: 2s
                memory: 1GiB
                retry: { first: 1s, most: 1h }
            """
        let configuration = try loadConfiguration(yaml)
        #expect(configuration.state == "/state")
        #expect(configuration.stores.map { $0.settings["path"] } == ["/shop/data/shop.db", "/var/copy.db"])
        let flow = try #require(configuration.flows.first)
        #expect(flow.from == "shop" && flow.to == "copy")
        let expected = FlowSettings(
            name: "shop.to_copy-1",
            tables: TableSelection(["*", "!audit_*"]),
            capture: CaptureSettings(
                mode: .timestamp,
                column: "updated_at",
                columnByTable: [TableName("orders"): "modified_at"],
                overlap: .seconds(30),
                poll: .milliseconds(250),
                sweep: .seconds(300),
                softDelete: "deleted_at"
            ),
            createsMissing: false,
            existing: .replace,
            schemaRules: SchemaRules(added: .ignore, dropped: .follow, renamed: .pause),
            transforms: [
                TableName("customers"): TransformSettings(
                    where: "country <> 'XX'",
                    set: ["email": "sha256(email)", "vip": "NULL", "one": "1"],
                    drop: ["notes", "fax"],
                    rename: ["name": "full_name"],
                    table: "clients"
                ),
                TableName("orders"): TransformSettings(drop: ["note"]),
            ],
            lag: .seconds(2),
            memory: .mebibytes(1024),
            retry: RetrySettings(first: .seconds(1), most: .seconds(3600))
        )
        #expect(flow.settings == expected)
    }

    @Test(
        "capture is a word or a mapping",
        arguments: [
            ("auto", CaptureSettings()),
            ("trigger", CaptureSettings(mode: .trigger)),
            ("log", CaptureSettings(mode: .log)),
            ("{ mode: trigger }", CaptureSettings(mode: .trigger)),
            (
                "{ mode: version, column: v, overlap: 100 }",
                CaptureSettings(mode: .version, column: "v", versionOverlap: 100)
            ),
            (
                "{ mode: timestamp, columns: { a: t } }",
                CaptureSettings(mode: .timestamp, columnByTable: [TableName("a"): "t"])
            ),
        ]
    )
    func capture(_ text: String, _ expected: CaptureSettings) throws {
        #expect(try loadConfiguration(configurationText("capture: \(text)")).flows[0].settings.capture == expected)
    }

    @Test(
        "durations are written with their unit",
        arguments: [
            ("250ms", .milliseconds(250)), ("2s", .seconds(2)), ("5m", .seconds(300)), ("1h", .seconds(3600)),
            ("1d", .seconds(86_400)), ("2", nil), ("1.5s", nil), ("-1s", nil), ("s", nil), ("1 h", nil), ("1w", nil),
            ("99999999999999999d", nil), ("9223372036854775807ms", nil), ("0s", nil),
        ] as [(String, Duration?)]
    )
    func durations(_ text: String, _ expected: Duration?) {
        let configuration = try? loadConfiguration(configurationText("lag: \(text)"))
        #expect(configuration?.flows[0].settings.lag == expected)
    }

    @Test(
        "sizes are written with their unit",
        arguments: [
            ("4MiB", 4 << 20), ("64 MiB", 64 << 20), ("1GiB", 1 << 30), ("5000KB", 5_000_000), ("8MB", 8_000_000),
            ("5000000B", 5_000_000), ("64", nil), ("64M", nil), ("3MiB", nil), ("9223372036854775807GiB", nil),
        ] as [(String, Int?)]
    )
    func sizes(_ text: String, _ expected: Int?) {
        let configuration = try? loadConfiguration(configurationText("memory: \(text)"))
        #expect(configuration?.flows[0].settings.memory.bytes == expected)
    }

    @Test("${NAME} reads the environment, ${file:PATH} a file beside the configuration, and $${ is itself")
    func interpolation() throws {
        let yaml = configurationText(
            "lag: ${LAG}",
            "transform:",
            "  a: { where: \"x = '${file:secret}' AND y = '$${HOME}'\", set: { h: \"sha256(e || '${file:/run/salt}')\" } }"
        )
        let configuration = try loadConfiguration(
            yaml,
            environment: ["LAG": "3s"],
            files: ["/shop/secret": "one\n", "/run/salt": "two\n\n"]
        )
        let settings = configuration.flows[0].settings
        #expect(settings.lag == .seconds(3))
        let transform = try #require(settings.transforms[TableName("a")])
        #expect(transform.where == "x = 'one' AND y = '${HOME}'")
        #expect(transform.set["h"] == "sha256(e || 'two\n')")
        #expect(transform.shown["set.h"] == "sha256(e || '${file:/run/salt}')")
    }

    @Test("a key without a value is as good as left out")
    func absentValues() throws {
        let configuration = try loadConfiguration(configurationText("tables:", "capture: ~", "transform: null", "lag:"))
        #expect(configuration == (try loadConfiguration(configurationText())))
    }

    @Test("anchors and aliases share settings between flows")
    func aliases() throws {
        let yaml = """
            stores: { a: { kind: sqlite, path: a }, b: { kind: sqlite, path: b }, c: { kind: sqlite, path: c } }
            flows:
              - { name: b, from: a, to: b, retry: &patient { first: 1s, most: 1m } }
              - { name: c, from: a, to: c, retry: *patient }
            """
        let flows = try loadConfiguration(yaml).flows
        #expect(flows.map(\.settings.retry.most) == [.seconds(60), .seconds(60)])
    }

    @Test("what `tally init` writes can be loaded, and so it can with every line that it offers")
    func template() throws {
        let configuration = try loadConfiguration(Configuration.template)
        #expect(configuration.stores.map(\.name) == ["shop", "copy"])
        #expect(configuration.flows.map(\.settings) == [FlowSettings(name: "shop-to-copy")])
        let offered = Configuration.template.split(separator: "\n").map { line in
            line.replacing(/#(?=[^ #])|#(?=  )/, with: "", maxReplacements: 1)
        }
        .filter { $0 != "    capture: auto" }
        let whole = try loadConfiguration(offered.joined(separator: "\n"))
        let settings = whole.flows[0].settings
        #expect(settings.capture.mode == .timestamp)
        #expect(settings.transforms[TableName("customers")]?.table == "clients")
        #expect(settings.lag == .seconds(2))
    }

    @Test("a file on disk is read by its path, and one that is no UTF-8 is refused")
    func files() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "configuration-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        let file = folder.appending(path: "tally.yaml")
        try Data(configurationText("lag: ${file:lag}").utf8).write(to: file)
        try Data("7s\n".utf8).write(to: folder.appending(path: "lag"))
        let configuration = try Configuration.load(path: file.path)
        #expect(configuration.flows[0].settings.lag == .seconds(7))
        #expect(configuration.stores[0].settings["path"] == folder.appending(path: "shop.db").standardizedFileURL.path)

        try Data([0x61, 0xff]).write(to: file)
        let error = #expect(throws: ConfigurationProblems.self) { _ = try Configuration.load(path: file.path) }
        #expect(error?.description == "\(file.path): cannot be read; check its permissions, and that it is UTF-8 text")
    }

    @Test("a store opens as its kind")
    func opensStores() throws {
        let store = try loadConfiguration(configurationText()).stores[0].open()
        #expect(store.kind == "sqlite")
        #expect(store.label == "/shop/shop.db")
    }
}
