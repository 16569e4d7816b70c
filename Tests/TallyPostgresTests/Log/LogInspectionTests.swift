import PrivatePostgres
import TallyModel
import TallyPostgres
import Testing

@Suite("Checking a database that is to be captured out of its log", .timeLimit(.minutes(15)))
struct LogInspectionTests {
    @Test("names tables that cannot be captured and rights that are missing, with the SQL that mends each")
    func tables() async throws {
        let script = """
            CREATE TABLE good (id int PRIMARY KEY);
            CREATE TABLE keyless (n int);
            CREATE TABLE silent (id int PRIMARY KEY); ALTER TABLE silent REPLICA IDENTITY NOTHING;
            CREATE UNLOGGED TABLE fleeting (id int PRIMARY KEY);
            """
        try await LogDatabase.with(script) { database in
            let findings = try await database.source.inspect(database.request(["*", "goood"]))
            func errors(_ table: String) -> [Finding] {
                findings.filter { $0.table == TableName(table) && $0.severity == .error }
            }
            #expect(errors("good").isEmpty)
            #expect(errors("keyless").count == 1)
            #expect(errors("silent").first?.remedy?.contains("REPLICA IDENTITY DEFAULT") == true)
            #expect(errors("fleeting").first?.remedy?.contains("SET LOGGED") == true)
            #expect(findings.contains { $0.message.contains("no table matches goood") })
            #expect(try await database.psql("SELECT count(*) FROM pg_publication") == "0")

            // What the findings say is enough.
            try await database.psql(errors("silent")[0].remedy ?? "")
            try await database.psql(errors("fleeting")[0].remedy ?? "")
            let session = try await database.open(["*"])
            #expect(session.tables.map(\.name.name) == ["fleeting", "good", "silent"])
            await session.close()
        }
    }

    @Test("says what an ordinary user lacks, and that a user who has it can capture")
    func rights() async throws {
        try await LogDatabase.with("CREATE TABLE t (id int PRIMARY KEY)") { database in
            let user = "user_\(database.name)"
            try await database.psql("CREATE ROLE \(user) LOGIN; REVOKE CREATE ON DATABASE \(database.name) FROM PUBLIC")
            let options = try ConnectionOptions(database.server.url(database: database.name, user: user))
            let source = PostgresSource(options: options)
            let remedies = try await source.inspect(database.request()).filter { $0.severity == .error }
                .compactMap(\.remedy)
            #expect(remedies.contains { $0.contains("ALTER ROLE \"\(user)\" REPLICATION") })
            #expect(remedies.contains { $0.contains("GRANT CREATE ON DATABASE") })
            #expect(remedies.contains { $0.contains("GRANT SELECT ON \"public\".\"t\"") })
            let error = await #expect(throws: StoreError.self) { try await source.open(database.request()) }
            #expect(error?.code == .denied)

            try await database.psql(
                """
                ALTER ROLE \(user) REPLICATION; GRANT CREATE ON DATABASE \(database.name) TO \(user);
                ALTER TABLE t OWNER TO \(user);
                """
            )
            #expect(try await source.inspect(database.request()).allSatisfy { $0.severity != .error })
            let session = try await source.open(database.request())
            #expect(await session.tables.map(\.name.name) == ["t"])
            await session.close()
            try await source.remove(flow: LogDatabase.flow)
            try await database.psql("DROP OWNED BY \(user)")
        }
    }

    @Test("names tables that policies hide rows of, and reads none of them with gaps")
    func rowSecurity() async throws {
        let script = """
            CREATE TABLE t (id int PRIMARY KEY, tenant int); INSERT INTO t VALUES (1, 1), (2, 2);
            CREATE POLICY own ON t USING (tenant = 1);
            ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;
            """
        try await LogDatabase.with(script) { database in
            let user = "user_\(database.name)"
            try await database.psql(
                """
                CREATE ROLE \(user) LOGIN REPLICATION; GRANT CREATE ON DATABASE \(database.name) TO \(user);
                ALTER TABLE t OWNER TO \(user);
                """
            )
            let options = try ConnectionOptions(database.server.url(database: database.name, user: user))
            let source = PostgresSource(options: options)
            let finding = try await source.inspect(database.request()).first { $0.severity == .error }
            #expect(finding?.table == TableName("t"))
            let session = try await source.open(database.request())
            let error = await #expect(throws: StoreError.self) {
                try await session.chunk(of: TableName("t"), in: .all, limit: .mebibytes(1))
            }
            #expect(error?.code == .denied)
            await session.close()

            try await database.psql(
                finding?.remedy?.matches(of: /ALTER ROLE "?\w+"? BYPASSRLS/).first.map { String($0.output) } ?? ""
            )
            #expect(try await source.inspect(database.request()).allSatisfy { $0.severity != .error })
            let again = try await source.open(database.request())
            #expect(try await again.chunk(of: TableName("t"), in: .all, limit: .mebibytes(1)).rowCount == 2)
            await again.close()
            try await source.remove(flow: LogDatabase.flow)
            try await database.psql("DROP OWNED BY \(user)")
        }
    }
}
