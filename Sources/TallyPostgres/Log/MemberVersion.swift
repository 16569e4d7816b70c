/// Which servers can be members of a group.
package enum MemberVersion {
    /// - Parameter version: As `server_version_num` has it.
    /// - Returns: What keeps a server of that version from being one; `nil` where nothing does.
    package static func problem(with version: Int) -> (message: String, remedy: String)? {
        guard version < 140_000 else { return nil }
        return (
            "a group needs PostgreSQL 14 or later, whose log tells what a write had seen, and this server is PostgreSQL "
                + "\(version / 10_000)",
            "upgrade the server, or copy it one way with a flow"
        )
    }
}
