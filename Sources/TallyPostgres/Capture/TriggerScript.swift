import TallyModel

/// The statements that make and drop the triggers of one table.
///
/// The functions run with the rights of Tally's user, so that writers need none on schema `tally`. They name nothing of
/// the user's: whatever is renamed, dropped or revoked, no write ever fails because of them. And they name operators and
/// functions with their schema, so that nobody's search path can put others in their place.
struct TriggerScript {
    static let names = ["tally_bell", "tally_rows", "tally_truncate"]

    private let table: PostgresTable
    private let shape: Int

    init(_ table: PostgresTable, shape: Int) {
        self.table = table
        self.shape = shape
    }

    /// The table's own functions, without their parentheses: one captures, the other wakes readers.
    static func function(of relation: UInt32) -> String { "tally.capture_\(relation)" }
    private static func ringing(of relation: UInt32) -> String { "tally.ring_\(relation)" }

    /// What the function does, as `pg_proc.prosrc` has it.
    var body: String {
        func row(_ name: String) -> String { "pg_catalog.textin(pg_catalog.record_out(\(name)))" }
        func insert(_ small: String, _ capital: String, _ former: String, _ image: String) -> String {
            """
            INSERT INTO tally.log(shape, relation, operation, former, image) VALUES (\(shape), TG_RELID,
                        CASE WHEN pg_catalog.pg_trigger_depth() OPERATOR(pg_catalog.>) 1 THEN '\(capital)'::pg_catalog."char"
                            ELSE '\(small)'::pg_catalog."char" END, \(former), \(image));
            """
        }
        return """

            BEGIN
                IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
                    \(insert("i", "I", "NULL", row("NEW")))
                ELSIF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
                    \(insert("u", "U", row("OLD"), row("NEW")))
                ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
                    \(insert("d", "D", row("OLD"), "NULL"))
                ELSE
                    \(insert("t", "T", "NULL", "NULL"))
                END IF;
                RETURN NULL;
            END
            """
    }

    var makeFunction: String {
        let name = Self.function(of: table.oid)
        let settings = table.columns.reduce(into: Set<Setting>()) { $0.formUnion(Setting.needed(by: $1.shape)) }
        let clauses = settings.map(\.rawValue).sorted().map { " SET \($0)" }.joined()
        return """
            CREATE OR REPLACE FUNCTION \(name)() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER\(clauses)
            AS $tally$\(body)$tally$;
            REVOKE ALL ON FUNCTION \(name)() FROM PUBLIC;
            """
    }

    /// - Parameter always: Whether they fire also for sessions that apply another replica's changes, such as those of
    ///   Tally's own targets: a database may be in the middle of a chain. Only the table's owner may make them so.
    func makeTriggers(always: Bool) -> String {
        let (function, ringing, sql) = (Self.function(of: table.oid), Self.ringing(of: table.oid), table.sql)
        let triggers = """
            CREATE FUNCTION \(ringing)() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $tally$
            BEGIN
                IF NOT pg_catalog.pg_try_advisory_xact_lock_shared(\(CaptureTables.sleep.number)) THEN
                    PERFORM pg_catalog.pg_notify('\(CaptureTables.channel)', '');
                END IF;
                RETURN NULL;
            END $tally$;
            REVOKE ALL ON FUNCTION \(ringing)() FROM PUBLIC;
            CREATE TRIGGER tally_rows AFTER INSERT OR UPDATE OR DELETE ON \(sql)
                FOR EACH ROW EXECUTE FUNCTION \(function)();
            CREATE TRIGGER tally_truncate AFTER TRUNCATE ON \(sql)
                FOR EACH STATEMENT EXECUTE FUNCTION \(function)();
            CREATE TRIGGER tally_bell AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON \(sql)
                FOR EACH STATEMENT EXECUTE FUNCTION \(ringing)();
            """
        let enabling = always ? Self.names.map { "ALTER TABLE \(sql) ENABLE ALWAYS TRIGGER \($0);" } : []
        return ([triggers] + enabling).joined(separator: "\n")
    }

    /// Drops a table's functions and with them its triggers; to drop those by themselves takes a right that Tally need
    /// not have, the table's ownership.
    static func drop(_ relation: UInt32, in connection: PostgresConnection) throws {
        try connection.execute(
            "DROP FUNCTION IF EXISTS \(function(of: relation))() CASCADE; "
                + "DROP FUNCTION IF EXISTS \(ringing(of: relation))() CASCADE"
        )
    }
}

extension TriggerScript {
    /// A setting of the session that changes how values look as text. Each one that a function sets costs its every call,
    /// so a function sets only what its table's values depend on.
    private enum Setting: String, CaseIterable {
        case dates = "datestyle = 'ISO, MDY'"
        case zone = "timezone = 'UTC'"
        case intervals = "intervalstyle = 'iso_8601'"
        case floats = "extra_float_digits = 1"
        case bytes = "bytea_output = 'hex'"
        case money = "lc_monetary = 'C'"
        case names = "search_path = pg_catalog"

        static func needed(by shape: ValueShape) -> Set<Setting> {
            switch shape {
            case .boolean, .int2, .int4, .int8, .numeric, .text, .time, .uuid, .json, .jsonb: []
            case .date, .timestamp: [.dates]
            case .timestamptz: [.dates, .zone]
            case .interval: [.intervals]
            case .float4, .float8: [.floats]
            case .bytea: [.bytes]
            case .array(let element, _): needed(by: element)
            case .other: Set(allCases)
            }
        }
    }
}
