// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "tally",
    platforms: [.macOS(.v15), .iOS(.v18)],
    products: [
        .executable(name: "tally", targets: ["tally"]),
        .library(name: "TallyModel", targets: ["TallyModel"]),
        .library(name: "TallyMerge", targets: ["TallyMerge"]),
        .library(name: "TallySQLite", targets: ["TallySQLite"]),
        .library(name: "TallyEngine", targets: ["TallyEngine"]),
        .library(name: "TallyTesting", targets: ["TallyTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The C library, imported by `SQLite` alone.
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

        // Rooms, lowest first. Arrows go down only.
        .target(name: "TallyModel"),
        // When histories meet. Pure, and nothing below it but values: it runs on phones.
        .target(name: "TallyMerge", dependencies: ["TallyModel"], exclude: ["DESIGN.md"]),
        // The one thread of each connection.
        .target(name: "Threading"),
        .target(name: "SQLite", dependencies: ["CSQLite", "TallyModel"]),
        .target(name: "TallyLedger", dependencies: ["TallyModel", "TallyMerge", "SQLite", "Threading"]),
        .target(
            name: "TallyTransform",
            dependencies: ["TallyModel", "SQLite", .product(name: "Crypto", package: "swift-crypto")]
        ),
        .target(name: "TallySQLite", dependencies: ["TallyModel", "SQLite", "Threading"]),
        .target(name: "TallyPostgres", dependencies: ["CPostgres", "Threading", "TallyModel"]),
        // Other programs, started and ended.
        .target(name: "Programs"),
        // A PostgreSQL server of one's own, for tests, benchmarks and the demo.
        .target(name: "PrivatePostgres", dependencies: ["Programs"]),
        .target(
            name: "TallyEngine",
            dependencies: [
                "TallyModel", "TallyTransform",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "TallyGroup",
            dependencies: [
                "TallyModel", "TallyMerge", "TallyLedger", "TallyEngine", "Threading",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "TallyService",
            dependencies: [
                "TallyModel", "TallyMerge", "TallyLedger", "TallyEngine", "TallyGroup", "TallySQLite", "TallyPostgres",
                "TallyTransform", "SQLite",
                "Threading",
                // For the demo alone.
                "PrivatePostgres", "Programs",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .executableTarget(
            name: "tally",
            dependencies: [
                "TallyService",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .target(
            name: "TallyTesting",
            dependencies: [
                "TallyModel", "TallyMerge", "TallyTransform", "TallyEngine",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),

        // Room by room: only files of the test's own are touched.
        .testTarget(name: "TallyModelTests", dependencies: ["TallyModel"]),
        .testTarget(name: "TallyMergeTests", dependencies: ["TallyMerge", "TallyModel"]),
        .testTarget(
            name: "TallyLedgerTests",
            dependencies: ["TallyLedger", "TallyMerge", "TallyModel", "SQLite", "Programs"],
            exclude: ["Fixtures"]
        ),
        .testTarget(name: "ProgramsTests", dependencies: ["Programs"]),
        .testTarget(name: "TallyTransformTests", dependencies: ["TallyTransform", "TallyModel", "SQLite"]),
        .testTarget(
            name: "TallySQLiteTests",
            dependencies: ["TallyTesting", "TallySQLite", "TallyModel", "SQLite", "Programs"]
        ),
        .testTarget(
            name: "TallyPostgresTests",
            dependencies: ["TallyTesting", "TallyPostgres", "PrivatePostgres", "TallyModel"]
        ),
        .testTarget(
            name: "TallyEngineTests",
            dependencies: [
                "TallyTesting", "TallyEngine", "TallyTransform", "TallyModel",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "TallyGroupTests",
            dependencies: [
                "TallyTesting", "TallyGroup", "TallyLedger", "TallyMerge", "TallyEngine", "TallyModel", "SQLite",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "TallyServiceTests",
            dependencies: [
                "TallyService", "TallyGroup", "TallyMerge", "TallyEngine", "TallyTransform", "TallyModel", "Programs",
            ]
        ),

        // The program as a user runs it: these start `tally` and read the stores with the `sqlite3` command.
        .target(
            name: "TallyHarness",
            dependencies: ["TallyModel", "SQLite", "TallyEngine", "PrivatePostgres", "Programs"],
            path: "Tests/TallyHarness"
        ),
        .testTarget(
            name: "TallyCrashTests",
            dependencies: [
                "TallyHarness", "PrivatePostgres", "Programs", "TallyTesting", "TallyModel", "TallyEngine", "SQLite",
                "tally",
            ]
        ),
        .testTarget(
            name: "TallyEndToEndTests",
            dependencies: [
                "TallyHarness", "PrivatePostgres", "Programs", "TallyTesting", "TallyModel", "TallyEngine",
                "TallyGroup",
                "SQLite", "tally",
            ]
        ),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        ]
}
