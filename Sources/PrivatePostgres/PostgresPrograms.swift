import Foundation

/// Where PostgreSQL's server and its programs are installed, and as whom they run.
package struct PostgresPrograms: Sendable {
    private let folder: String

    /// Finds the newest installation that can run a server.
    ///
    /// - Throws: ``PrivatePostgresError`` where none can.
    package static func newest() throws -> PostgresPrograms {
        let needed = ["initdb", "pg_ctl", "postgres", "psql"]
        let isExecutable = FileManager.default.isExecutableFile(atPath:)
        guard let folder = folders().first(where: { folder in needed.allSatisfy { isExecutable("\(folder)/\($0)") } })
        else {
            throw PrivatePostgresError(
                "PostgreSQL's server programs are not installed (\(needed.joined(separator: ", "))); on Debian: "
                    + "apt-get install postgresql"
            )
        }
        guard getuid() != 0 || getpwnam(Self.account) != nil else {
            throw PrivatePostgresError(
                "PostgreSQL's server refuses to run as root, and there is no account \(Self.account) to run it as; "
                    + "run this as an ordinary user, or make the account: useradd --system \(Self.account)"
            )
        }
        return PostgresPrograms(folder: folder)
    }

    /// Debian's and Homebrew's folders by version, newest first, and then whatever the PATH has.
    private static func folders() -> [String] {
        let parents = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
        let versioned = parents.flatMap { parent in
            // A folder that is not there has no versions in it.
            let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            return names.compactMap { name -> (version: Int, folder: String)? in
                Int(name.replacing("postgresql@", with: "")).map { ($0, "\(parent)/\(name)/bin") }
            }
        }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return versioned.sorted { $0.version > $1.version }.map(\.folder) + path.split(separator: ":").map(String.init)
    }

    func path(_ program: String) -> String { "\(folder)/\(program)" }

    // MARK: As whom

    /// The account that runs the server where the caller is root, which `initdb` and `postgres` refuse to be.
    private static let account = "postgres"

    /// The words of a command that runs `program` as the server's account.
    func serverCommand(_ program: String, _ arguments: [String], environment: [String: String] = [:]) -> [String] {
        // Set where the account is changed already: a library that is loaded by it must not begin as root.
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let command = (variables.isEmpty ? [] : ["env"] + variables) + [path(program)] + arguments
        guard getuid() == 0 else { return command }
        let account = Self.account
        return ["setpriv", "--reuid=\(account)", "--regid=\(account)", "--init-groups", "--"] + command
    }

    /// Gives a file or folder to the account that runs the server.
    func handOver(_ path: String) throws {
        guard getuid() == 0, let entry = getpwnam(Self.account) else { return }
        guard chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else {
            throw PrivatePostgresError("cannot give \(path) to \(Self.account): \(String(cString: strerror(errno)))")
        }
    }
}
