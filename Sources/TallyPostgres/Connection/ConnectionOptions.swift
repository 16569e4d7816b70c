private import CPostgres
import TallyModel

/// Where a PostgreSQL database is and how to log in, as libpq takes it: a URL or keywords and values.
///
/// What is left out comes from libpq's own places: environment, service file, `.pgpass`
/// (https://www.postgresql.org/docs/current/libpq-connect.html).
package struct ConnectionOptions: Sendable, Hashable {
    /// By libpq keyword. Holds the password: never printed.
    private(set) var values: [String: String]

    /// - Parameters:
    ///   - text: `postgres://user@host/database?sslmode=verify-full` or `host=… dbname=…`.
    ///   - password: Goes before one in `text`.
    /// - Throws: ``StoreError`` with code `unsupported` for a text that libpq cannot read.
    package init(_ text: String, password: String? = nil) throws {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(text, &message) else {
            // libpq's message may quote the text, and with it a password.
            PQfreemem(message)
            throw StoreError(
                .unsupported,
                "the address of the PostgreSQL database cannot be read; write postgres://USER@HOST:PORT/DATABASE, or "
                    + "libpq's keywords: host=… port=… dbname=… user=…"
            )
        }
        defer { PQconninfoFree(options) }
        values = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        if let password { values["password"] = password }
    }

    /// Where it is, for people: `postgres://user@host:port/database`, without password.
    package var label: String {
        if values["service"] != nil, values["host"] == nil { return "postgres service \(values["service"] ?? "")" }
        let user = values["user"].map { "\($0)@" } ?? ""
        let host = values["host"] ?? values["hostaddr"] ?? "localhost"
        let port = values["port"].map { ":\($0)" } ?? ""
        return "postgres://\(user)\(host)\(port)/\(values["dbname"] ?? values["user"] ?? "")"
    }

    /// The same database with more settings, each only where the user did not choose one.
    func adding(_ defaults: [String: String]) -> ConnectionOptions {
        var result = self
        result.values.merge(defaults) { chosen, _ in chosen }
        return result
    }

    /// The same database with these settings, whatever the user chose.
    func setting(_ fixed: [String: String]) -> ConnectionOptions {
        var result = self
        result.values.merge(fixed) { $1 }
        return result
    }

    /// The command-line options of the server's session, with more of them.
    func addingServerOptions(_ more: [String: String]) -> ConnectionOptions {
        let text = more.sorted { $0.key < $1.key }.map { "-c \($0.key)=\($0.value)" }.joined(separator: " ")
        var result = self
        result.values["options"] = [values["options"], text].compactMap { $0 }.joined(separator: " ")
        return result
    }
}
